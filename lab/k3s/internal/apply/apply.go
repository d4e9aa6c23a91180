// Package apply is server-side apply of YAML documents.
package apply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	v1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json" // keeps whole numbers whole
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

const manager = "k3s"

type resource = dynamic.ResourceInterface

// Applier applies and deletes objects.
type Applier struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// New is an applier over the clients.
func New(objects dynamic.Interface, kinds discovery.DiscoveryInterface) *Applier {
	return &Applier{
		dynamic: objects,
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds)),
	}
}

// Parse reads the objects of a stream of YAML documents; lists are taken apart.
func Parse(text []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*unstructured.Unstructured
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if len(raw.Raw) > 0 {
			if err := json.Unmarshal(raw.Raw, &object.Object); err != nil {
				return nil, err
			}
		}
		switch {
		case len(object.Object) == 0:
		case object.IsList():
			list, err := object.ToList()
			if err != nil {
				return nil, err
			}
			for i := range list.Items {
				objects = append(objects, &list.Items[i])
			}
		case object.GetKind() == "" || object.GetName() == "":
			return nil, fmt.Errorf("an object has no kind or no name: %v", object.Object)
		default:
			objects = append(objects, object)
		}
	}
}

// Apply applies all objects, in their order, and reports all that failed.
func (a *Applier) Apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	return a.each(objects, false, func(r resource, o *unstructured.Unstructured) error {
		_, err := r.Apply(ctx, o.GetName(), o, v1.ApplyOptions{FieldManager: manager, Force: true})
		return err
	})
}

// Delete deletes all objects; those that are not there are no mistake.
func (a *Applier) Delete(ctx context.Context, objects []*unstructured.Unstructured) error {
	background := v1.DeletePropagationBackground
	return a.each(objects, true, func(r resource, o *unstructured.Unstructured) error {
		err := r.Delete(ctx, o.GetName(), v1.DeleteOptions{PropagationPolicy: &background})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// each does something with every object. Where absence is no mistake, neither is an absent kind.
func (a *Applier) each(
	objects []*unstructured.Unstructured, absent bool,
	do func(resource, *unstructured.Unstructured) error,
) error {
	var problems []error
	for _, object := range objects {
		found, err := a.resource(object)
		if absent && meta.IsNoMatchError(err) {
			continue
		}
		if err == nil {
			err = do(found, object)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	return errors.Join(problems...)
}

// resource finds the kind's place in the API. A kind that is not known may be one that was
// defined a moment ago, so the next asking looks again.
func (a *Applier) resource(object *unstructured.Unstructured) (resource, error) {
	kind := object.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		if meta.IsNoMatchError(err) {
			a.mapper.Reset()
		}
		return nil, err
	}
	all := a.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return all, nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(v1.NamespaceDefault)
	}
	return all.Namespace(object.GetNamespace()), nil
}
