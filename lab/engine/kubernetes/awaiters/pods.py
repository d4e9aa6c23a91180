"""Pods: when one is ready, and what keeps one from it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Object, name_of, namespace_of
from lab.engine.kubernetes.awaiters.view import EVENT, Progress, View, condition, is_true


def pod(view: View) -> Progress:
    """Ready when scheduled, initialized and ready, or when its containers have all succeeded."""
    one = view.live
    for kind, wanted in (
        ("PodScheduled", "be scheduled"),
        ("Initialized", "be initialized"),
        ("Ready", "be ready"),
    ):
        if not is_true(condition(one, kind)) and not (kind == "Ready" and _has_succeeded(one)):
            message = f'Waiting for Pod "{_name(one)}" to {wanted}'
            return Progress(ready=False, message=message, problems=problems(view, [one]))
    return Progress(ready=True)


def problems(view: View, pods: Iterable[Object]) -> list[str]:
    """What is wrong with pods that are not ready, with the latest warning event of each."""
    found = []
    for one in pods:
        if is_true(condition(one, "Ready")) or _has_succeeded(one):
            continue
        found += [f"[Pod {_name(one)}]: {text}" for text in (*_findings(one), *_events(view, one))]
    return found


def _findings(one: Object) -> Iterator[str]:
    scheduled = condition(one, "PodScheduled")
    if scheduled and not is_true(scheduled) and scheduled.get("message"):
        yield f"[{scheduled.get('reason')}] {scheduled['message']}"
        return
    for kind in ("Initialized", "Ready"):
        unmet = condition(one, kind)
        if unmet and not is_true(unmet) and unmet.get("message"):
            yield str(unmet["message"])
            break
    for group in ("initContainerStatuses", "containerStatuses"):
        for status in paths.get(one, ("status", group)) or []:
            if not status.get("ready"):
                yield from _container(status)


def _container(status: Mapping[str, Any]) -> Iterator[str]:
    name = status.get("name")
    waiting = paths.get(status, ("state", "waiting")) or {}
    if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
        yield f"[{waiting['reason']}] {waiting.get('message', '')}".rstrip()
    ended = paths.get(status, ("state", "terminated")) or {}
    if ended.get("reason") and ended.get("exitCode"):
        detail = ended.get("message") or f'container "{name}" ended with exit code'
        yield f"[{ended['reason']}] {detail} {ended['exitCode']}".rstrip()
    last = paths.get(status, ("lastState", "terminated")) or {}
    if last:
        yield (
            f'container "{name}" terminated at {last.get("finishedAt")} '
            f"({last.get('reason')}: exit code {last.get('exitCode')})"
            + (f" {last['message'].strip()}" if last.get("message") else "")
        )


def _events(view: View, one: Object) -> list[str]:
    uid = paths.get(one, ("metadata", "uid"))
    warnings = [
        event
        for event in view.listed(EVENT)
        if event.get("type") == "Warning" and paths.get(event, ("involvedObject", "uid")) == uid
    ]
    warnings.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return [f"{event.get('reason')}: {event.get('message')}" for event in warnings[-1:]]


def _has_succeeded(one: Object) -> bool:
    return bool(paths.get(one, ("status", "phase")) == "Succeeded")


def _name(one: Object) -> str:
    namespace = namespace_of(one)
    return name_of(one) if namespace in ("", "default") else f"{namespace}/{name_of(one)}"
