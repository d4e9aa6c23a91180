package packaged

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"groundwork.lab/k3s/internal/apply"
)

// TraefikValues are the values of Traefik's chart that the stand-in honours.
type TraefikValues struct {
	AdditionalArguments []string
	Replicas            *int
}

var traefikArgs = []string{
	"--global.checknewversion=false",
	"--global.sendanonymoususage=false",
	"--entryPoints.metrics.address=:9100/tcp",
	"--entryPoints.traefik.address=:8080/tcp",
	"--entryPoints.web.address=:8000/tcp",
	"--entryPoints.websecure.address=:8443/tcp",
	"--entryPoints.websecure.http.tls=true",
	"--api.dashboard=true",
	"--ping=true",
	"--metrics.prometheus=true",
	"--metrics.prometheus.entrypoint=metrics",
	"--providers.kubernetescrd",
	"--providers.kubernetescrd.allowEmptyServices=true",
	"--providers.kubernetesingress",
	"--providers.kubernetesingress.allowEmptyServices=true",
	"--providers.kubernetesingress.ingressendpoint.publishedservice=kube-system/traefik",
	"--log.level=INFO",
}

// ParseTraefik reads a HelmChartConfig's valuesContent. Keys that the stand-in does not honour are
// returned by their paths, so that they can be reported.
func ParseTraefik(content string) (TraefikValues, []string, error) {
	var values TraefikValues
	var given map[string]any
	if err := yaml.Unmarshal([]byte(content), &given); err != nil {
		return values, nil, fmt.Errorf("valuesContent: %w", err)
	}
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(given)) {
		var err error
		switch key {
		case "additionalArguments":
			values.AdditionalArguments, err = words(given[key])
		case "deployment":
			var left []string
			values.Replicas, left, err = replicas(given[key])
			unknown = append(unknown, left...)
		default:
			unknown = append(unknown, key)
		}
		if err != nil {
			return values, nil, fmt.Errorf("valuesContent: %s: %w", key, err)
		}
	}
	return values, unknown, nil
}

func words(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%v was given; it must be a list of arguments", value)
	}
	var all []string
	for _, item := range list {
		word, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("%v was given; an argument must be a string", item)
		}
		all = append(all, word)
	}
	return all, nil
}

func replicas(value any) (*int, []string, error) {
	mapping, ok := value.(map[string]any)
	if !ok {
		return nil, nil, fmt.Errorf("%v was given; it must be a mapping", value)
	}
	var count *int
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(mapping)) {
		if key != "replicas" {
			unknown = append(unknown, "deployment."+key)
			continue
		}
		number, ok := mapping[key].(float64)
		if !ok || number < 0 || number != float64(int(number)) {
			return nil, nil, fmt.Errorf("replicas: %v was given; it must be a whole number", mapping[key])
		}
		whole := int(number)
		count = &whole
	}
	return count, unknown, nil
}

// Traefik is the objects of the packaged Traefik.
func Traefik(images map[string]string, values TraefikValues) ([]*unstructured.Unstructured, error) {
	args := slices.Clone(traefikArgs)
	for _, arg := range values.AdditionalArguments {
		if !slices.Contains(args, arg) {
			args = append(args, arg)
		}
	}
	count := 1
	if values.Replicas != nil {
		count = *values.Replicas
	}
	text, err := render("traefik-chart", struct {
		Images   map[string]string
		Args     []string
		Replicas int
	}{images, args, count})
	if err != nil {
		return nil, err
	}
	return apply.Parse(text)
}
