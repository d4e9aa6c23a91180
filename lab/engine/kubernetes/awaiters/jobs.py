"""Jobs: run to completion."""

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.awaiters.pods import problems as pod_problems
from lab.engine.kubernetes.awaiters.view import POD, Progress, View, condition, is_true, number


def job(view: View) -> Progress:
    """Ready when complete; lost when it has failed for good."""
    live = view.live
    if is_true(condition(live, "Complete")) and paths.get(live, ("status", "startTime")):
        return Progress(ready=True)
    counts = " | ".join(
        f"{what.capitalize()}: {number(live, 'status', what)}"
        for what in ("active", "succeeded", "failed")
    )
    failure = condition(live, "Failed")
    problems = pod_problems(view, view.owned(POD, live))
    if is_true(failure):
        problems.insert(0, f"[{failure.get('reason')}] {failure.get('message')}")
    return Progress(
        ready=False,
        message=f'Waiting for Job "{view.name}" to succeed ({counts})',
        problems=problems,
        failed=is_true(failure),
    )
