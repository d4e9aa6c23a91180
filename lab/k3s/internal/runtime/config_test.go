package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func registries(t *testing.T, text string) (*Registries, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "registries.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadRegistries(path)
}

func TestAMirrorIsAskedBeforeItsRegistry(t *testing.T) {
	r, err := registries(t, `
mirrors: {docker.io: {endpoint: ["https://mirror.test:5000"]}, "*": {endpoint: ["http://all.test"]}}
configs: {"mirror.test:5000": {auth: {username: u, password: 'p"q'}, tls: {ca_file: /ca.pem}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	hosts := r.hosts()
	for _, part := range []string{
		`server = "https://registry-1.docker.io"`, `[host."https://mirror.test:5000"]`, `ca = "/ca.pem"`,
	} {
		if !strings.Contains(hosts["docker.io/hosts.toml"], part) {
			t.Errorf("%s is not in\n%s", part, hosts["docker.io/hosts.toml"])
		}
	}
	if all := hosts["_default/hosts.toml"]; !strings.Contains(all, "http://all.test") ||
		strings.Contains(all, "server =") {
		t.Errorf("the mirror of all registries is\n%s", all)
	}
	if auths := r.auths(); !strings.Contains(auths, `configs."mirror.test:5000".auth`) ||
		!strings.Contains(auths, `password = "p\"q"`) {
		t.Errorf("the credentials are\n%s", auths)
	}
}

func TestAnUnknownKeyInRegistriesIsRefused(t *testing.T) {
	if _, err := registries(t, "miror: {}\n"); err == nil || !strings.Contains(err.Error(), "miror") {
		t.Errorf("err = %v", err)
	}
}

func TestARewriteIsRefusedBecauseItWouldNotHappen(t *testing.T) {
	_, err := registries(t, "mirrors: {docker.io: {endpoint: [x], rewrite: {a: b}}}\n")
	if err == nil || !strings.Contains(err.Error(), "rewrite") {
		t.Errorf("err = %v", err)
	}
}

func TestNoRegistriesFileMeansNoMirrors(t *testing.T) {
	r, err := ReadRegistries(filepath.Join(t.TempDir(), "none.yaml"))
	if err != nil || len(r.hosts()) != 0 {
		t.Errorf("hosts = %v, err = %v", r.hosts(), err)
	}
}

func TestAnImageArchiveIsImportedAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.tar")
	write := func(text string) string {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mark, err := stamp(path)
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	if first := write("a"); first == write("ab") {
		t.Errorf("both are %s", first)
	}
}
