"""Replicas in Ray Serve: how they are started, reached, watched and ended. The only importer of ray.

Knows nothing of placement and pages. What goes wrong over there arrives as an EditError if a user can mend it, as
`ReplicaGone`, as `Stopped`, or as the unexpected error that it was.
"""

import logging
import math
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

# Read when ray is imported. Its makers are told nothing. Replicas don't step back behind all else on the machine, since
# somebody waits for them. A process that joins has to show the token that Ray asks for by itself once there is one.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # else it tells of every process that is started
if (Path.home() / ".ray" / "auth_token").is_file():
    os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray  # noqa: E402
from ray import exceptions, serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponse, DeploymentResponseGenerator
from ray.serve.request_router import PendingRequest, RequestRouter, RunningReplica

from refedit.editing.request import EditRequest
from refedit.errors import EditError, Stopped
from refedit.serving.limits import Limits
from refedit.serving.replica import Answer, Edits, Offer, ReplicaState

APP, EDITS = "refedit", "Edits"
CALLS_EACH = 256
"""Calls that Ray lets into a replica at a time: many, since a call that asks for news must not wait behind edits."""
REACH_SECONDS = 10.0
NEWS_SECONDS = 3.0
"""So long may replicas take to tell how things stand."""
QUIET = {"enable_access_log": False, "log_level": "WARNING"}
NO_POOL = "There is no pool of editors at '{}'. Start one there: python -m refedit serve --address {} --replicas 2"


class ReplicaGone(Exception):
    """The replica that was asked has died or can't be reached."""


class ServedEdits(Edits):
    """A replica that knows its name in Ray Serve, and whether it is about to go."""

    def __init__(self, offer: Offer) -> None:
        name, node = serve.get_replica_context().replica_id.unique_id, ray.util.get_node_ip_address()
        super().__init__(offer, name, node)

    def reconfigure(self, limits: dict[str, Any]) -> None:
        """Takes other limits without losing what is remembered; Ray Serve calls it."""
        self.limits = Limits(**limits)

    async def leaving(self) -> bool:
        # Ray Serve tells nobody that their replica is to be taken away; but calls to all do not come here any more.
        try:
            calls = serve.get_deployment_handle(EDITS, APP).broadcast("called")
            return self.name not in await calls.results_async(timeout_s=NEWS_SECONDS, return_exceptions=True)
        except (DeploymentUnavailableError, TimeoutError):
            return True
        except (RayServeException, exceptions.RayError):  # rather one edit lost than a GPU that nobody can free
            return False

    async def called(self) -> str:
        return self.name


class ByName(RequestRouter):
    """Takes a request to the replica that it names, or to any if that one is not there."""

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        if pending_request is None:
            return [candidate_replicas]
        pending_request.routing_context.should_backoff = True
        name = pending_request.metadata.session_id
        return [[replica for replica in candidate_replicas if replica.replica_id.unique_id == name], candidate_replicas]


class Stream:
    """The answers of an edit over there, as they come."""

    def __init__(self, response: DeploymentResponseGenerator[Any]) -> None:
        self._response, self._ended = response, False

    def __iter__(self) -> Iterator[Answer]:
        try:
            with _plain_errors():
                for answers in self._response:
                    yield from answers
        finally:
            self._ended = True

    def cancel(self) -> None:
        """Stops the edit before its next UNet call, or before it begins; does nothing to one that has ended."""
        if not self._ended:
            self._response.cancel()


class Cluster:
    """The replicas of a pool as a front end reaches them; may be used from any thread."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    def states(self, owner: str) -> list[ReplicaState]:
        """How all replicas are that answer; and to them, that the front end `owner` is still there."""
        with suppress(DeploymentUnavailableError, TimeoutError):
            answers = self._handle.broadcast("state", owner).results(timeout_s=NEWS_SECONDS, return_exceptions=True)
            return [answer for answer in answers if isinstance(answer, ReplicaState)]
        return []

    def edit(self, replica: str, owner: str, request: EditRequest) -> Stream:
        """An edit at a replica."""
        response = self._handle.options(method_name="edit", session_id=replica, stream=True).remote(owner, request)
        return Stream(cast(DeploymentResponseGenerator[Any], response))

    def ask(self, replica: str, method: str, *arguments: Any, seconds: float = math.inf) -> Any:
        """What a method of a replica answers; TimeoutError if that takes longer than so many seconds."""
        with _plain_errors():
            call = self._handle.options(method_name=method, session_id=replica).remote(*arguments)
            response = cast(DeploymentResponse[Any], call)
            try:
                return response.result(timeout_s=None if seconds == math.inf else seconds)
            except TimeoutError:
                response.cancel()
                raise


@contextmanager
def connected(address: str, offer: Offer) -> Iterator[None]:
    """Ray for as long as the block lasts: at an address ("auto" finds one here), or, for "", started on this machine.

    EditError if that can't be.
    """
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    local: dict[str, Any] = {"address": "local", "include_dashboard": False, "num_cpus": _cores(offer.limits)}
    local["_system_config"] = {"automatic_object_spilling_enabled": False}  # pictures on their way stay in memory
    _check_reachable(address)
    try:
        ray.init(log_to_driver=True, logging_level=logging.WARNING, **({"address": address} if address else local))
    except (ConnectionError, ValueError, RuntimeError, exceptions.RayError) as error:
        what = f"There is no Ray at '{address}' that lets this machine in" if address else "Ray can't be started here"
        raise EditError(f"{what}: {_first_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def deploy(offer: Offer) -> Cluster:
    """Starts the replicas, or changes those that run already, and waits until they are ready.

    EditError if Ray has no room for them, or if no replica could be started.
    """
    offer = _with_gpus(offer)
    limits = offer.limits
    _check_room(limits)
    serve.start(proxy_location="Disabled", logging_config=QUIET)
    deployment = cast(serve.Deployment, serve.deployment(ServedEdits)).options(
        name=EDITS,
        max_ongoing_requests=CALLS_EACH,
        max_queued_requests=limits.waiting_each * limits.most,
        ray_actor_options={"num_cpus": limits.cpus_each, "num_gpus": limits.gpus_each or 0},
        user_config=asdict(limits),
        health_check_period_s=limits.look,
        graceful_shutdown_timeout_s=limits.farewell,
        request_router_config=RequestRouterConfig(request_router_class=cast(Any, ByName)),
        logging_config=QUIET,
        **_scale(limits),
    )
    try:
        bound = deployment.bind(replace(offer, limits=Limits()))  # other arguments would mean other replicas
        return Cluster(serve.run(bound, name=APP, route_prefix=None))
    except RuntimeError as error:
        raise EditError(f"No replica could be started: {_first_line(error)} Ray's log says why.") from error


def join(address: str) -> Cluster:
    """The pool that runs in the connected Ray; EditError if there is none."""
    try:
        return Cluster(serve.get_app_handle(APP))
    except RayServeException as error:
        raise EditError(NO_POOL.format(address, address)) from error


def end() -> None:
    """Ends the pool in the connected Ray; edits that run may finish."""
    serve.delete(APP)


def own_address() -> str:
    """By which other processes join the connected Ray."""
    return str(ray.get_runtime_context().gcs_address)


def metrics_addresses() -> list[str]:
    """Where each machine of the connected Ray tells its metrics, for Prometheus."""
    alive = (node for node in ray.nodes() if node["Alive"])
    return [f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics" for node in alive]


def _check_reachable(address: str) -> None:
    """EditError if nobody listens at HOST:PORT: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
    except OSError as error:
        raise EditError(f"Nobody answers at '{address}'. Start Ray there, or check the address.") from error


def _first_line(error: Exception) -> str:
    """Without the tracebacks that Ray puts into what it says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _cores(limits: Limits) -> int:
    """What Ray may hand out: every replica has its place, even on a machine with fewer cores."""
    return max(os.cpu_count() or 1, math.ceil(limits.most * limits.cpus_each))


def _with_gpus(offer: Offer) -> Offer:
    """The same with GPUs decided: one each where Ray has some, if nobody has said it. Without one it is a CPU."""
    each = offer.limits.gpus_each
    if each is None:
        each = 1.0 if offer.device != "cpu" and ray.cluster_resources().get("GPU", 0) else 0.0
    device = "cpu" if not each and offer.device == "auto" else offer.device
    return replace(offer, device=device, limits=replace(offer.limits, gpus_each=each))


def _check_room(limits: Limits) -> None:
    has = ray.cluster_resources()
    for name, each in (("GPU", limits.gpus_each), ("CPU", limits.cpus_each)):
        if each and has.get(name, 0) < limits.least * each:
            raise EditError(
                f"{limits.least} replicas need {limits.least * each:g} {name}s, and Ray has {has.get(name, 0):g}. "
                "Ask for fewer replicas, or give each a part of a GPU with --gpus-each."
            )


def _scale(limits: Limits) -> dict[str, Any]:
    if limits.fixed:
        return {"num_replicas": limits.most}
    load = AutoscalingConfig(
        min_replicas=limits.least,
        max_replicas=limits.most,
        target_ongoing_requests=limits.busy,
        upscale_delay_s=limits.grow_after,
        downscale_delay_s=limits.shrink_after,
    )
    return {"autoscaling_config": load}


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Ray's exceptions as this module's; an error from over there as itself, with its way there as its cause."""
    try:
        yield
    except BackPressureError as error:
        raise EditError("All editors are busy, and too many edits wait already. Try again in a minute.") from error
    except exceptions.TaskCancelledError as error:
        raise Stopped from error
    except (exceptions.RayActorError, exceptions.WorkerCrashedError, DeploymentUnavailableError) as error:
        raise ReplicaGone from error
    except exceptions.RayTaskError as error:
        raise (error.cause or error) from error
