// Package charts answers for HelmChart and HelmChartConfig. The stand-in has one chart, Traefik,
// made of its own manifests; of a chart it does not have it says so on the object.
package charts

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"groundwork.lab/k3s/internal/apply"
	"groundwork.lab/k3s/internal/packaged"
)

const (
	interval  = time.Second
	namespace = "kube-system"
	traefik   = "traefik"
)

var (
	version    = schema.GroupVersion{Group: "helm.cattle.io", Version: "v1"}
	chartKind  = version.WithResource("helmcharts")
	configKind = version.WithResource("helmchartconfigs")
)

// Controller installs the charts.
type Controller struct {
	Client  kubernetes.Interface
	Dynamic dynamic.Interface
	Applier *apply.Applier
	Images  map[string]string
	done    map[string]string // what was last done for an object, by its key
}

// Run looks until the context ends.
func (c *Controller) Run(ctx context.Context) {
	c.done = map[string]string{}
	for {
		if err := c.sync(ctx); err != nil && ctx.Err() == nil {
			slog.Debug("Charts are not up to date", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func (c *Controller) sync(ctx context.Context) error {
	list, err := c.Dynamic.Resource(chartKind).List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		chart := &list.Items[i]
		name, _, _ := unstructured.NestedString(chart.Object, "spec", "chart")
		if name == traefik && chart.GetName() == traefik && chart.GetNamespace() == namespace {
			err = c.installTraefik(ctx)
		} else if c.once(chart, "unsupported") {
			err = c.report(ctx, chart, "ChartNotSupported", fmt.Sprintf("chart %q is not installed: "+
				"the Groundwork lab's stand-in for K3s has no chart but its packaged traefik", name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// installTraefik applies Traefik with the values of the HelmChartConfig of the same name.
func (c *Controller) installTraefik(ctx context.Context) error {
	var values packaged.TraefikValues
	config, err := c.Dynamic.Resource(configKind).Namespace(namespace).
		Get(ctx, traefik, meta.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	content := ""
	if err == nil {
		content, _, _ = unstructured.NestedString(config.Object, "spec", "valuesContent")
		var unknown []string
		if values, unknown, err = packaged.ParseTraefik(content); err != nil {
			if c.once(config, content) {
				return c.report(ctx, config, "InvalidValues", err.Error())
			}
			return nil
		}
		if len(unknown) > 0 && c.once(config, content) {
			if err := c.report(ctx, config, "ValuesNotSupported", "ignored, because the Groundwork lab's "+
				"stand-in for K3s does not support them: "+strings.Join(unknown, ", ")); err != nil {
				return err
			}
		}
	}
	if c.done[traefik] == "applied "+content {
		return nil
	}
	objects, err := packaged.Traefik(c.Images, values)
	if err != nil {
		return err
	}
	if err := c.Applier.Apply(ctx, objects); err != nil {
		return err
	}
	c.done[traefik] = "applied " + content
	slog.Info("Applied the packaged chart traefik", "objects", len(objects))
	return nil
}

// once is true the first time something is to be said of an object.
func (c *Controller) once(object *unstructured.Unstructured, what string) bool {
	key := string(object.GetUID())
	if c.done[key] == what {
		return false
	}
	c.done[key] = what
	return true
}

// report says something in the log and as an Event of the object.
func (c *Controller) report(
	ctx context.Context, object *unstructured.Unstructured, reason, message string,
) error {
	slog.Warn(message, object.GetKind(), object.GetNamespace()+"/"+object.GetName())
	now := meta.Now()
	_, err := c.Client.CoreV1().Events(object.GetNamespace()).Create(ctx, &core.Event{
		ObjectMeta: meta.ObjectMeta{
			GenerateName: object.GetName() + ".", Namespace: object.GetNamespace(),
		},
		InvolvedObject: core.ObjectReference{
			APIVersion: object.GetAPIVersion(), Kind: object.GetKind(),
			Namespace: object.GetNamespace(), Name: object.GetName(), UID: object.GetUID(),
		},
		Type: core.EventTypeWarning, Reason: reason, Message: message,
		Source:         core.EventSource{Component: "helm-controller"},
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, meta.CreateOptions{})
	return err
}
