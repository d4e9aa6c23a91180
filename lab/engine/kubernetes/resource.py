"""Kubernetes objects as Pulumi resources: check, diff, create, read, update, delete."""

from typing import Final

from lab.engine.kubernetes import annotations, difference, mutations, objects, plan, readiness
from lab.engine.kubernetes import replacement as immutable
from lab.engine.kubernetes.api import ApiError, NoMatchError, Object, name_of
from lab.engine.kubernetes.handling import Handling, half_made
from lab.engine.kubernetes.mutations import Ownership
from lab.engine.kubernetes.operation import CannotPreviewError, NotReadyError
from lab.engine.properties import Properties, holds_unknown
from lab.engine.provider import (
    Checked,
    Difference,
    Found,
    ProviderError,
    Request,
)

_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403
_UNREACHABLE: Final = (
    "configured Kubernetes cluster is unreachable: {why}. If the cluster was deleted, rerun with "
    'PULUMI_K8S_DELETE_UNREACHABLE="true" to drop its resources from the state'
)


class KubernetesObject(Handling):
    """One object of a cluster, or with a Patch type some fields of one."""

    def check(self, request: Request) -> Checked:
        """The inputs in normal form, with a name and a namespace."""
        if self.is_skipped():
            return Checked(request.old_inputs)
        kind = objects.kind_of_token(request.type)
        if kind.kind.endswith("List") and objects.is_builtin({"apiVersion": kind.api_version}):
            raise ProviderError(f"{kind.kind}: create the objects of the list one by one")
        wanted = objects.normalized(objects.from_properties(request.inputs))
        wanted.setdefault("apiVersion", kind.api_version)
        wanted.setdefault("kind", kind.kind)
        plan.name(request, wanted)
        if kind.kind == "CustomResourceDefinition":
            self.cluster.declare(wanted)
        inputs: Properties = self.cluster.with_namespace(wanted, kind)
        objects.hide(inputs, request.inputs)
        return Checked(inputs)

    def diff(self, request: Request) -> Difference:
        """What differs between the live object as last seen and what is wanted."""
        wanted = objects.normalized(objects.from_properties(request.inputs))
        before, live = objects.parse_checkpoint(request.state)
        before = objects.normalized(before)
        kind = objects.kind_of_token(request.type)
        old = self.cluster.placed(objects.pruned(live, before), kind)
        wanted = self.cluster.placed(wanted, kind)
        replacing = immutable.IDENTITY
        if not objects.is_patch(request.type):
            replacing = immutable.fields(
                wanted,
                secret_mutable=self.cluster.settings.secret_mutable,
                config_map_mutable=self.cluster.settings.config_map_mutable,
            )
        found = difference.compare(old, wanted, replacing=replacing)
        found = difference.without(found, request.ignore_changes)
        replaces = [path for path, how in found.items() if how in difference.REPLACEMENTS]
        changed = difference.top_level(found)
        if annotations.is_true(wanted, annotations.REPLACE_UNREADY) and self._is_unready(live):
            replaces.append(f'metadata.annotations["{annotations.REPLACE_UNREADY}"]')
            changed = changed or ["metadata"]
        return Difference(
            changed=changed,
            replaces=replaces,
            detailed=found,
            delete_before_replace=bool(replaces) and plan.must_keep_name(wanted, live),
        )

    def create(self, request: Request) -> tuple[str, Properties]:
        """The object, made and ready. In a preview, what a dry run says it would be."""
        wanted = objects.from_properties(request.inputs)
        if request.preview and not self.can_preview(request, wanted):
            return "", request.inputs
        operation = self.operation(request, wanted)
        manager = objects.field_manager({}, wanted)
        is_patch = objects.is_patch(request.type)
        ownership = Ownership(
            manager=manager,
            force=self.may_force(wanted),
            upsert=is_patch or self.cluster.settings.upsert_existing,
        )
        try:
            created = mutations.create(operation, wanted, ownership)
        except CannotPreviewError:
            return "", request.inputs
        except (ApiError, NoMatchError) as error:
            if request.preview and plan.is_no_obstacle(error):
                return "", request.inputs
            raise plan.refused(request, "was not successfully created", error) from error
        if request.preview:
            created = {key: item for key, item in created.items() if key != "status"}
            return "", self.state(request, wanted, created, manager)
        if wanted.get("kind") == "CustomResourceDefinition":
            self.cluster.reached.forget()
        live = self.wait(request, operation, manager, wanted, (created, None))
        return objects.identity(live), self.state(request, wanted, live, manager)

    def read(self, request: Request) -> Found | None:
        """The live object, None when it is gone."""
        if self.cluster.api is None:
            return self._read_unreachable(request)
        namespace, name = objects.split_identity(request.id)
        kind = objects.kind_of_token(request.type)
        try:
            live = self.cluster.api.get(kind, namespace, name)
        except NoMatchError:
            return None
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise ProviderError(str(error)) from error
        shape = objects.normalized(objects.from_properties(request.inputs))
        is_import = not shape
        wanted = plan.adopted(live) if is_import else objects.pruned(live, shape)
        manager = objects.field_manager(request.state, wanted)
        state = self.state(request, wanted, live, manager)
        if not is_import:
            try:
                readiness.look(self.operation(request, wanted), wanted, live)
            except NotReadyError as error:
                raise half_made(error, request.id, state) from error
        return Found(id=request.id, state=state, inputs=state[objects.INPUTS])

    def update(self, request: Request) -> Properties:
        """The object after a server-side apply, ready. In a preview, by a dry run."""
        wanted = objects.normalized(objects.from_properties(request.inputs))
        if request.preview and (
            holds_unknown(wanted) or not self.cluster.serves(objects.kind_of_token(request.type))
        ):
            return request.inputs
        operation = self.operation(request, wanted)
        _, old = objects.parse_checkpoint(request.state)
        manager = objects.field_manager(request.state, wanted)
        is_patch = objects.is_patch(request.type)
        ownership = Ownership(manager=manager, force=self.may_force(wanted), upsert=is_patch)
        try:
            before, after = mutations.update(
                operation, name_of(old), wanted, ownership, request.ignore_changes
            )
        except (ApiError, NoMatchError) as error:
            if request.preview and getattr(error, "code", 0) == _FORBIDDEN:
                return request.inputs
            raise plan.refused(request, "was not updated", error) from error
        if not request.preview:
            after = self.wait(request, operation, manager, wanted, (after, before))
            self.release_former(operation, request, after, manager)
        return self.state(request, wanted, after, manager)

    def delete(self, request: Request) -> None:
        """Delete the object and wait for its end; a Patch gives its fields back instead."""
        if self.cluster.api is None:
            if self.cluster.settings.delete_unreachable:
                self.warn("the cluster is unreachable: deleted from the state only")
                return
            raise ProviderError(_UNREACHABLE.format(why=self.cluster.unreachable))
        wanted, live = objects.parse_checkpoint(request.state)
        operation = self.operation(request, wanted)
        try:
            if objects.is_patch(request.type):
                manager = objects.field_manager(request.state, wanted)
                mutations.relinquish(operation, live, manager)
            else:
                mutations.delete(operation, wanted, live)
        except NotReadyError as error:
            raise ProviderError(str(error)) from error
        if live.get("kind") == "CustomResourceDefinition":
            self.cluster.api.forget()

    def _is_unready(self, live: Object) -> bool:
        if live.get("kind") != "Job":
            self.warn(f"{annotations.REPLACE_UNREADY} is for Jobs only")
            return False
        if self.cluster.api is None:
            self.warn("the cluster is unreachable: whether the Job is ready is not known")
            return False
        return not readiness.is_ready(self.cluster.api, live)

    def _read_unreachable(self, request: Request) -> Found | None:
        self.warn(f"configured Kubernetes cluster is unreachable: {self.cluster.unreachable}")
        if self.cluster.settings.delete_unreachable:
            return None
        if self.cluster.settings.skip_update_unreachable:
            return Found(id=request.id, state=request.state, inputs=request.inputs)
        raise ProviderError(_UNREACHABLE.format(why=self.cluster.unreachable))
