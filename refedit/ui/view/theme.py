"""The colours and shapes of the page; `page.css` has what a theme cannot say."""

import gradio as gr
from gradio.themes import sizes
from gradio.themes.utils import colors

TEAL = colors.Color(
    name="teal",
    c50="#eef7f6",
    c100="#d8eceb",
    c200="#b3dad8",
    c300="#83c0bd",
    c400="#52a09e",
    c500="#348483",
    c600="#276b6c",
    c700="#225658",
    c800="#1e4648",
    c900="#1b3a3d",
    c950="#0d2224",
)

SYSTEM_FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")

PARTS = {
    "body_background_fill": "#f7f5f1",
    "body_background_fill_dark": "#15171a",
    "block_background_fill": "#ffffff",
    "block_background_fill_dark": "#1e2125",
    "block_border_color": "#e6e1d8",
    "block_border_color_dark": "#30343a",
    "block_border_width": "1px",
    "block_label_background_fill": "#ffffff",
    "block_label_background_fill_dark": "#1e2125",
    "block_label_text_weight": "500",
    "block_title_text_weight": "600",
    "block_shadow": "none",
    "block_title_text_color": "*body_text_color",
    "block_title_text_color_dark": "*body_text_color",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_400",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_400",
    "block_info_text_size": "*text_xs",
    "input_background_fill": "#fbfaf8",
    "input_background_fill_dark": "#16181b",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "*primary_600",
    "button_primary_background_fill_hover_dark": "*primary_700",
    "button_primary_text_color": "white",
    "button_large_text_weight": "600",
    "slider_color": "*primary_500",
}
"""What differs from Gradio's base theme, in light and (with `_dark`) in dark."""


def theme() -> gr.themes.Base:
    """A calm theme of paper and teal, in light and dark; fonts come from the system, so nothing is fetched."""
    base = gr.themes.Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=colors.stone,
        radius_size=sizes.radius_lg,
        spacing_size=sizes.spacing_md,
        font=SYSTEM_FONT,
        font_mono=("ui-monospace", "SFMono-Regular", "Consolas", "monospace"),
    )
    return base.set(**PARTS)
