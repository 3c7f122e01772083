"""`refedit study`: from a question to numbers. Heavy imports happen inside the commands."""

import argparse
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refedit.errors import EditError
from refedit.study.evidence_commands import add_evidence, add_kind

if TYPE_CHECKING:
    from refedit.study.running import Study
    from refedit.ui.settings import Settings


def add_commands(commands: Any) -> None:
    """Adds `study` with its own commands to a parser's."""
    study = commands.add_parser("study", help="blind user studies: set up, serve, collect, analyse")
    kinds = study.add_subparsers(required=True, metavar="WHAT")
    add_kind(kinds, "init", _init, "write a study.yaml to begin with", "to make")
    add_evidence(kinds)
    serve = add_kind(kinds, "serve", _serve, "serve it to participants")
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0 opens it to the network")
    serve.add_argument("--port", type=_port, default=7861)
    serve.add_argument("--model", default="picturebook", help="for a live study: what edits")
    serve.add_argument("--device", default="auto")
    add_kind(kinds, "status", _status, "how far it is")
    export = add_kind(kinds, "export", _export, "write all answers as tables")
    export.add_argument("--out", type=Path, metavar="FOLDER", help="where to; DIR/export by default")
    withdraw = add_kind(kinds, "withdraw", _withdraw, "delete a person and all that they said")
    withdraw.add_argument("token", metavar="TOKEN", help="from the person's own link: what stands behind #me=")


def _port(text: str) -> int:
    """A port's number, as argparse wants it."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port from 1 to 65535")
    return int(text)


def _init(options: argparse.Namespace) -> None:
    from refedit.study.beginning import write_beginning

    for file in write_beginning(options.folder):
        print(file)
    print(f"Change them as you like, then run: python -m refedit study build {options.folder}")


def _serve(options: argparse.Namespace) -> None:
    from refedit.study.running import open_study
    from refedit.study.serving import serve_alone
    from refedit.ui.settings import Settings

    study = open_study(options.folder)
    _tell(study, options)
    live = study.definition.kind == "live"
    try:
        asked = Settings.from_environment()
        if live:
            _serve_live(study, options, asked)
        else:
            serve_alone(study, options.host, options.port, asked.names)
    finally:
        study.close()
    if live:
        from refedit.ui.launching import leave

        leave()


def _tell(study: "Study", options: argparse.Namespace) -> None:
    """What whoever serves a study has to know before people come."""
    from refedit.study.beginning import left_to_write
    from refedit.study.serving import PATH

    host = socket.gethostname() if options.host == "0.0.0.0" else options.host
    address = f"http://{host}:{options.port}{PATH}/"
    print(f"For participants: {address}\nTo try it yourself, uncounted: {address}?test", flush=True)
    for words in left_to_write(study.definition, study.consent):
        print(f"What people read still says '{words}'. Write who asks before they come.", flush=True)
    if not study.admin:
        print("The export by HTTP is off. Set REFEDIT_STUDY_ADMIN to a long secret to have it.", flush=True)


def _serve_live(study: "Study", options: argparse.Namespace, asked: "Settings") -> None:
    from refedit.editing.editor import Editor
    from refedit.models import load_model, what_hides
    from refedit.study.serving import serve_live
    from refedit.ui.page import embeddings_of
    from refedit.ui.settings import Settings
    from refedit.ui.waiting_room import patiently, waiting_room

    settings = Settings(
        host=options.host, port=options.port, model=options.model, device=options.device, names=asked.names
    )
    with waiting_room(settings) as room:  # the address is taken before a model is loaded
        model = patiently(room, partial(load_model, options.model, options.device))
        editor = Editor(model, hides=what_hides(model, asked.safety_checker))
    serve_live(study, settings, editor, embeddings_of(settings))


def _status(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from refedit.study.data import records
    from refedit.study.data.definition import read_definition

    definition = read_definition(options.folder)
    told = records.progress(records.open_records(options.folder))
    print(f"{definition.name}: {told.finished} of {told.agreed} people are done, {told.answers} answers.")
    for name, value in asdict(told).items():
        print(f"{name.replace('_', ' '):12} {value}")


def _export(options: argparse.Namespace) -> None:
    from refedit.study.data.export import write_tables
    from refedit.study.data.records import open_records

    out = options.out or options.folder / "export"
    write_tables(open_records(options.folder), out)
    print(out)


def _withdraw(options: argparse.Namespace) -> None:
    from refedit.study.data.definition import read_definition
    from refedit.study.data.pairs import read_built
    from refedit.study.data.said import Unknown
    from refedit.study.data.store import Store
    from refedit.study.data.tables import FILE

    if not (options.folder / FILE).is_file():
        raise EditError(f"Nobody has taken part in the study of '{options.folder}' yet.")
    definition = read_definition(options.folder)
    store = Store(options.folder / FILE, definition, read_built(options.folder, definition))
    try:
        store.withdraw(options.token)
    except Unknown:
        raise EditError("Nobody takes part with this token. It stands in the person's own link, behind #me=.") from None
    print("Deleted." + (" The copy in the bucket goes when the study is next served." if definition.ship else ""))
