// Package layout is where K3s keeps its files.
package layout

import "path/filepath"

// Fixed places, whatever the data directory is.
const (
	ConfigFile       = "/etc/rancher/k3s/config.yaml"
	RegistriesFile   = "/etc/rancher/k3s/registries.yaml"
	Kubeconfig       = "/etc/rancher/k3s/k3s.yaml"
	NodePassword     = "/etc/rancher/node/password"
	Run              = "/run/k3s"
	ContainerdSocket = "/run/k3s/containerd/containerd.sock"
)

// Ports.
const (
	APIPort      = 6443 // the API and the supervisor, on every address
	LocalAPIPort = 6444 // the API server's own listener on a server; the balancer's on an agent
)

// Layout is the data directory of one node.
type Layout struct{ Data string }

// Server is a path below the server's part.
func (l Layout) Server(parts ...string) string { return l.join("server", parts) }

// TLS is a path below the server's certificates.
func (l Layout) TLS(parts ...string) string { return l.join("server/tls", parts) }

// Agent is a path below the agent's part.
func (l Layout) Agent(parts ...string) string { return l.join("agent", parts) }

// Etcd is a path below the datastore.
func (l Layout) Etcd(parts ...string) string { return l.join("server/db/etcd", parts) }

func (l Layout) join(base string, parts []string) string {
	return filepath.Join(append([]string{l.Data, base}, parts...)...)
}

// Path is where programs are looked for: systemd's own path, with the sbin folders.
func Path() string { return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }
