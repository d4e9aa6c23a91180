package packaged

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"groundwork.lab/k3s/internal/apply"
)

var values = Values{
	Images: map[string]string{
		"coredns": "lab/coredns:1", "local-path-provisioner": "lab/local-path:1",
		"busybox": "lab/busybox:1", "traefik": "lab/traefik:1",
	},
	DNS: "10.43.0.10", Domain: "cluster.local", Storage: "/var/lib/rancher/k3s/storage",
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return found
}

func TestADisabledComponentsManifestsAreTakenAwayAndOthersStay(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "own.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder, values, nil); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder, values, []string{"traefik"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"coredns", "helm", "local-storage", "own", "rolebindings"}
	if got := names(t, folder); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestEveryManifestParses(t *testing.T) {
	folder := t.TempDir()
	if err := Write(folder, values, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range names(t, folder) {
		text, err := os.ReadFile(filepath.Join(folder, name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if objects, err := apply.Parse(text); err != nil || len(objects) == 0 {
			t.Errorf("%s: %d objects, err = %v", name, len(objects), err)
		}
	}
}

func TestAMissingImageIsAMistake(t *testing.T) {
	if err := Write(t.TempDir(), Values{Images: map[string]string{}}, nil); err == nil {
		t.Error("a manifest without its image was written")
	}
}

func TestTraefikHonoursArgumentsAndReplicasAndNamesTheRest(t *testing.T) {
	parsed, unknown, err := ParseTraefik(`
additionalArguments: [--log.level=DEBUG, --entryPoints.websecure.http.tls=true]
deployment: {replicas: 2, kind: DaemonSet}
ports: {web: {}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"deployment.kind", "ports"}; !reflect.DeepEqual(unknown, want) {
		t.Errorf("unknown = %q, want %q", unknown, want)
	}
	objects, err := Traefik(values.Images, parsed)
	if err != nil {
		t.Fatal(err)
	}
	deployment := find(t, objects, "Deployment")
	if got, _, _ := unstructured.NestedInt64(deployment.Object, "spec", "replicas"); got != 2 {
		t.Errorf("replicas = %d", got)
	}
	containers, _, _ := unstructured.NestedSlice(
		deployment.Object, "spec", "template", "spec", "containers")
	args, _, _ := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if args[len(args)-1] != "--log.level=DEBUG" {
		t.Errorf("args = %q, want the additional one last and the one that is there once", args)
	}
}

func TestTraefiksValuesMustBeOfTheirKind(t *testing.T) {
	for _, content := range []string{
		"additionalArguments: x", "additionalArguments: [1]", "deployment: 2",
		"deployment: {replicas: two}", "[",
	} {
		if _, _, err := ParseTraefik(content); err == nil {
			t.Errorf("%q was accepted", content)
		}
	}
}

func find(
	t *testing.T, objects []*unstructured.Unstructured, kind string,
) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind {
			return object
		}
	}
	t.Fatalf("there is no %s", kind)
	return nil
}
