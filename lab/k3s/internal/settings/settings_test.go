package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func load(t *testing.T, role Role, flags []string, files map[string]string) (*Settings, error) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(role, Sources{File: filepath.Join(folder, "config.yaml"), Flags: flags})
}

func mustLoad(t *testing.T, role Role, flags []string, files map[string]string) *Settings {
	t.Helper()
	s, err := load(t, role, flags, files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLaterFilesOverrideScalarsAndReplaceLists(t *testing.T) {
	s := mustLoad(t, Server, nil, map[string]string{
		"config.yaml":              "node-name: a\ntls-san: [one, two]\n",
		"config.yaml.d/20-b.yaml":  "node-name: c\ntls-san: [three]\n",
		"config.yaml.d/10-a.yaml":  "node-name: b\n",
		"config.yaml.d/ignored.md": "node-name: d\n",
	})
	if got := s.Text("node-name"); got != "c" {
		t.Errorf("node-name = %q, want the last file's", got)
	}
	if got := s.List("tls-san"); !reflect.DeepEqual(got, []string{"three"}) {
		t.Errorf("tls-san = %q, want the last file's alone", got)
	}
}

func TestAPlusAppendsToAList(t *testing.T) {
	s := mustLoad(t, Server, nil, map[string]string{
		"config.yaml":             "kubelet-arg: [max-pods=200]\n",
		"config.yaml.d/10-a.yaml": "kubelet-arg+: [v=2]\n",
	})
	if got := s.List("kubelet-arg"); !reflect.DeepEqual(got, []string{"max-pods=200", "v=2"}) {
		t.Errorf("kubelet-arg = %q", got)
	}
}

func TestFlagsOverrideFilesAndAddToLists(t *testing.T) {
	s := mustLoad(t, Server, []string{"--node-name=flag", "--tls-san", "two,three", "--cluster-init"},
		map[string]string{"config.yaml": "node-name: file\ntls-san: one\n"})
	if got := s.Text("node-name"); got != "flag" {
		t.Errorf("node-name = %q", got)
	}
	if got := s.List("tls-san"); !reflect.DeepEqual(got, []string{"one", "two", "three"}) {
		t.Errorf("tls-san = %q", got)
	}
	if !s.Switch("cluster-init") {
		t.Error("a switch without a value is not on")
	}
}

func TestScalarsKeepTheirSpelling(t *testing.T) {
	s := mustLoad(t, Server, nil, map[string]string{"config.yaml": "write-kubeconfig-mode: 0640\n"})
	if got := s.Text("write-kubeconfig-mode"); got != "0640" {
		t.Errorf("write-kubeconfig-mode = %q, want it as written", got)
	}
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		file  string
		want  []string
	}{
		"unknown key":     {file: "flanel: vxlan\n", want: []string{"config.yaml", `"flanel"`}},
		"unknown flag":    {flags: []string{"--tokn=x"}, want: []string{"command line", "--tokn=x"}},
		"mapping":         {file: "node-label: {a: b}\n", want: []string{"config.yaml", "node-label"}},
		"unknown backend": {file: "flannel-backend: ipsec\n", want: []string{"flannel-backend", "ipsec"}},
		"bad switch":      {file: "cluster-init: maybe\n", want: []string{"cluster-init", "maybe"}},
		"bad network":     {file: "cluster-cidr: 10.42.0.0\n", want: []string{"cluster-cidr", "10.42"}},
		"bad address":     {file: "node-ip: s1\n", want: []string{"node-ip", "s1"}},
		"bad component":   {file: "disable: [traefic]\n", want: []string{"disable", "traefic"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, Server, c.flags, map[string]string{"config.yaml": c.file})
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not name %q", err, part)
				}
			}
		})
	}
}

func TestAnAgentSkipsAServersKeysAndSaysSo(t *testing.T) {
	s := mustLoad(t, Agent, []string{"--server=https://192.0.2.11:6443"},
		map[string]string{"config.yaml": "tls-san: [x]\n"})
	if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "tls-san") {
		t.Errorf("notes = %q", s.Notes)
	}
	if len(s.List("tls-san")) != 0 {
		t.Error("the key was kept")
	}
}

func TestAnIgnoredKeyIsNoted(t *testing.T) {
	s := mustLoad(t, Server, nil, map[string]string{"config.yaml": "embedded-registry: true\n"})
	if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "embedded-registry is ignored") {
		t.Errorf("notes = %q", s.Notes)
	}
}

func TestAnAgentNeedsAServer(t *testing.T) {
	if _, err := load(t, Agent, nil, nil); err == nil || !strings.Contains(err.Error(), "server") {
		t.Errorf("err = %v", err)
	}
}

func TestCriticalSettingsDoNotDependOnOrder(t *testing.T) {
	a := mustLoad(t, Server, []string{"--disable=traefik,coredns"}, nil).Critical()
	b := mustLoad(t, Server, []string{"--disable=coredns", "--disable=traefik"}, nil).Critical()
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%v != %v", a, b)
	}
}
