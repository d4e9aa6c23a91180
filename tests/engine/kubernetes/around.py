"""Objects written by hand, and the view an awaiter has of them."""

from lab.engine.kubernetes.awaiters.view import View


class Around:
    """The objects around the one that is awaited."""

    def __init__(self, *objects):
        self._objects = objects

    def recent(self, kind, _namespace):
        return [one for one in self._objects if one["kind"] == kind.kind]

    def get(self, kind, _namespace, name):
        [found] = [one for one in self.recent(kind, "") if one["metadata"]["name"] == name]
        return found


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def view(live, *around, **fields):
    return View(api=Around(*around), live=live, created=fields.pop("created", live), **fields)


def obj(kind, name="x", owner=None, generation=1, **fields):
    metadata = {"name": name, "namespace": "n", "uid": f"{kind}-{name}", "generation": generation}
    metadata |= fields.pop("metadata", {})
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    return {"kind": kind, "metadata": metadata, **fields}


def conditions(**held):
    return [
        {"type": kind, "status": status.partition(" ")[0], "reason": status.partition(" ")[2]}
        for kind, status in held.items()
    ]
