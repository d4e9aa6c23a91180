// Package runtime is the node's containerd, from Debian, and the images it starts with.
package runtime

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/yaml"

	"groundwork.lab/k3s/internal/layout"
)

// Registries is registries.yaml.
type Registries struct {
	Mirrors map[string]Mirror   `json:"mirrors"`
	Configs map[string]Registry `json:"configs"`
}

// Mirror is where a registry's images are fetched from.
type Mirror struct {
	Endpoint []string          `json:"endpoint"`
	Rewrite  map[string]string `json:"rewrite,omitempty"`
}

// Registry is how a registry is spoken to.
type Registry struct {
	Auth *Auth `json:"auth,omitempty"`
	TLS  *TLS  `json:"tls,omitempty"`
}

// Auth is a registry's credentials.
type Auth struct {
	Username      string `json:"username"`
	Password      string `json:"password"`
	Auth          string `json:"auth"`
	IdentityToken string `json:"identity_token"`
}

// TLS is a registry's certificates.
type TLS struct {
	CA       string `json:"ca_file"`
	Cert     string `json:"cert_file"`
	Key      string `json:"key_file"`
	Insecure bool   `json:"insecure_skip_verify"`
}

// ReadRegistries reads the file strictly; none is an empty one.
func ReadRegistries(path string) (*Registries, error) {
	registries := &Registries{}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return registries, nil
	}
	if err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalStrict(text, registries); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name, mirror := range registries.Mirrors {
		if len(mirror.Rewrite) > 0 {
			return nil, fmt.Errorf("%s: mirrors.%s.rewrite: containerd 1.6 has no rewriting; remove it",
				path, name)
		}
	}
	return registries, nil
}

// hosts is each registry's hosts.toml.
func (r *Registries) hosts() map[string]string {
	files := map[string]string{}
	names := map[string]bool{}
	for name := range r.Mirrors {
		names[name] = true
	}
	for name, config := range r.Configs {
		if config.TLS != nil {
			names[name] = true
		}
	}
	for name := range names {
		var text strings.Builder
		folder := name
		if name == "*" {
			folder = "_default"
		} else {
			fmt.Fprintf(&text, "server = %q\n", upstream(name))
		}
		for _, endpoint := range r.endpoints(name) {
			fmt.Fprintf(&text, "\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", endpoint)
			text.WriteString(r.tls(endpoint))
		}
		files[filepath.Join(folder, "hosts.toml")] = text.String()
	}
	return files
}

func (r *Registries) endpoints(name string) []string {
	endpoints := slices.Clone(r.Mirrors[name].Endpoint)
	if config, set := r.Configs[name]; set && config.TLS != nil && name != "*" {
		endpoints = append(endpoints, upstream(name))
	}
	return endpoints
}

func upstream(name string) string {
	if name == "docker.io" {
		name = "registry-1.docker.io"
	}
	return "https://" + name
}

func (r *Registries) tls(endpoint string) string {
	_, host, _ := strings.Cut(endpoint, "://")
	host, _, _ = strings.Cut(host, "/")
	config := r.Configs[host].TLS
	if config == nil {
		return ""
	}
	var text strings.Builder
	if config.CA != "" {
		fmt.Fprintf(&text, "  ca = %q\n", config.CA)
	}
	if config.Cert != "" {
		fmt.Fprintf(&text, "  client = [[%q, %q]]\n", config.Cert, config.Key)
	}
	if config.Insecure {
		text.WriteString("  skip_verify = true\n")
	}
	return text.String()
}

// auths is the credentials' part of containerd's configuration.
func (r *Registries) auths() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Configs)) {
		auth := r.Configs[name].Auth
		if auth == nil {
			continue
		}
		fmt.Fprintf(&text, "[plugins.%q.registry.configs.%q.auth]\n", cri, name)
		fmt.Fprintf(&text, "  username = %q\n  password = %q\n  auth = %q\n  identitytoken = %q\n",
			auth.Username, auth.Password, auth.Auth, auth.IdentityToken)
	}
	return text.String()
}

const cri = "io.containerd.grpc.v1.cri"

// restrict_oom_score_adj: without CAP_SYS_RESOURCE runc cannot lower a score, and fails instead.
const template = `version = 2
root = %[1]q
state = "/run/k3s/containerd"
oom_score = 0
[grpc]
  address = %[2]q
[plugins."io.containerd.internal.v1.opt"]
  path = %[1]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[3]q
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = %[4]q
  disable_snapshot_annotations = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = %[5]q
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = %[6]q
`

// write puts containerd's configuration and the registries' in place.
func (o Options) write(snapshotter string, registries *Registries) (string, error) {
	certs := o.Layout.Agent("etc/containerd/certs.d")
	if err := os.RemoveAll(certs); err != nil {
		return "", err
	}
	for name, text := range registries.hosts() {
		if err := layout.Write(filepath.Join(certs, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	path := o.Layout.Agent("etc/containerd/config.toml")
	text := fmt.Sprintf(template, o.root(), layout.ContainerdSocket, o.Pause, snapshotter,
		filepath.Dir(o.Conf), certs)
	return path, layout.Write(path, []byte(text+registries.auths()), 0o600)
}

// snapshotter is overlayfs where the file system below carries it, else native, which copies.
func snapshotter(root string) string {
	base := filepath.Join(root, fmt.Sprintf(".overlay-%d", time.Now().UnixNano()))
	defer os.RemoveAll(base)
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.MkdirAll(filepath.Join(base, name), 0o700); err != nil {
			return "native"
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", base)
	merged := filepath.Join(base, "merged")
	if err := syscall.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return "native"
	}
	_ = syscall.Unmount(merged, 0)
	return "overlayfs"
}
