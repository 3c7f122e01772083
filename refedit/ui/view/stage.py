"""Where an edit is watched and its results are looked at; drawn by `stage.js` from one plain value.

How a visitor looks at a result is known in the browser only, so no answer of the server that comes late can undo it.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.methods import METHODS
from refedit.ui.state import status


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Everything that shows an edit and what came of it.

    `stage` has the preview and the results; `announced` says the stage of a running edit to a screen reader.
    `restore` takes a downloaded result, or one of the strip of earlier ones, which the browser keeps as the same files.
    """

    run: gr.Button
    stop: gr.Button
    tries: gr.HTML
    status: gr.HTML
    announced: gr.HTML
    notes: gr.HTML
    stage: gr.HTML
    restore: gr.HTML

    @property
    def all(self) -> list[Any]:
        """Every component that a run may change, as a list."""
        return [self.run, self.stop, self.status, self.announced, self.notes, self.stage]


EMPTY: dict[str, Any] = {"shows": "", "run": "", "results": []}
"""The stage before anything was run."""

STAGE = """
<section class="stage" aria-label="Result">
  <h2>Result <small class="told"></small></h2>
  <div class="views" role="radiogroup" aria-label="How to look at it"></div>
  <div class="screen"></div>
  <div class="picks" role="radiogroup" aria-label="Which result"></div>
  <div class="after"></div>
  <details class="details"><summary>Masks and all parameters of this result</summary><div></div></details>
</section>"""


def draw_stage() -> gr.HTML:
    return gr.HTML(
        EMPTY,
        html_template=STAGE,
        js_on_load="refedit.stage(element, props, watch)",
        apply_default_css=False,
        elem_id="stage",
    )


def draw_run() -> dict[str, Any]:
    """Run, Stop, how many results, and what is going on; by the names of `Outputs`."""
    with gr.Column(elem_id="buttons", min_width=120):
        with gr.Row(elem_id="run-row"):
            run = gr.Button("Run", variant="primary", elem_id="run", min_width=80)
            tries = draw_tries()
            stop = gr.Button("Stop", variant="stop", elem_id="stop", interactive=False, min_width=60, scale=0)
    progress = gr.HTML(status.ready(), elem_id="status", js_on_load="refedit.status(element, props)")
    announced = gr.HTML("", elem_id="announced")
    notes = gr.HTML("", elem_id="notes", visible=False)
    return {"run": run, "stop": stop, "tries": tries, "status": progress, "announced": announced, "notes": notes}


def draw_tries() -> gr.HTML:
    """How many results of one request, or every method's where the inputs serve all."""
    options = "".join(f'<option value="{count}">{count} result{"s" * (count > 1)}</option>' for count in range(1, 5))
    template = f"""<label><span class="sr">How many results</span><select>{options}
      <option value="{BOTH}" class="both">{"Both" if len(METHODS) == 2 else "All"} methods</option></select></label>"""
    return gr.HTML(
        "1",
        html_template=template,
        js_on_load="refedit.tries(element, props, trigger, watch)",
        apply_default_css=False,
        elem_id="tries",
        min_width=60,
    )


BOTH = "both"
"""In place of a number of results: one of every method."""


VISIT = """
<section class="visit none" aria-label="Your results">
  <h2>Your results <small>kept in this browser only; click one to bring it back</small></h2>
  <div class="strip"></div>
  <button type="button" class="forget">Forget them</button>
  <input type="file" accept="image/png" aria-label="Choose a downloaded result" tabindex="-1" hidden>
</section>"""


def draw_visit() -> gr.HTML:
    """The strip of results that this browser keeps, and the button that restores a downloaded one."""
    return gr.HTML(
        None,
        html_template=VISIT,
        js_on_load="refedit.history(element, props, trigger, upload)",
        apply_default_css=False,
        elem_id="history",
    )
