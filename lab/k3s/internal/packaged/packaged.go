// Package packaged is the components a K3s cluster comes with.
package packaged

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/template"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"groundwork.lab/k3s/internal/apply"
	"groundwork.lab/k3s/internal/layout"
)

//go:embed manifests
var manifests embed.FS

// Values are what the manifests are filled with.
type Values struct {
	Images  map[string]string
	DNS     string // cluster-dns
	Domain  string // cluster-domain
	Storage string // the folder of local-path volumes
}

// always are the files that cannot be disabled.
var always = []string{"rolebindings", "helm"}

// optional are the files by the name that `disable` calls them by.
var optional = map[string][]string{
	"coredns":       {"coredns"},
	"local-storage": {"local-storage"},
	"traefik":       {"traefik-crd", "traefik"},
}

// Write puts the wanted components' manifests into the folder, and takes the disabled ones' away.
func Write(folder string, values Values, disabled []string) error {
	wanted := slices.Clone(always)
	for name, files := range optional {
		if !slices.Contains(disabled, name) {
			wanted = append(wanted, files...)
			continue
		}
		for _, file := range files {
			if err := os.RemoveAll(filepath.Join(folder, file+".yaml")); err != nil {
				return err
			}
		}
	}
	for _, file := range wanted {
		text, err := render(file, values)
		if err != nil {
			return err
		}
		if err := layout.Write(filepath.Join(folder, file+".yaml"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Disabled are the objects of the disabled components, which an earlier start may have made.
func Disabled(values Values, disabled []string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for name, files := range optional {
		if !slices.Contains(disabled, name) {
			continue
		}
		for _, file := range files {
			text, err := render(file, values)
			if err != nil {
				return nil, err
			}
			objects, err := apply.Parse(text)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
		if name == "traefik" {
			objects, err := Traefik(values.Images, TraefikValues{})
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
	}
	return all, nil
}

// render fills one manifest.
func render(file string, values any) ([]byte, error) {
	text, err := manifests.ReadFile("manifests/" + file + ".yaml")
	if err != nil {
		return nil, err
	}
	parsed, err := template.New(file).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out.Bytes(), nil
}
