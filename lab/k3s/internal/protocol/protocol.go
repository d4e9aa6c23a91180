// Package protocol is what the nodes of a cluster say to its supervisors.
package protocol

// Paths of the supervisor, on the API's port.
const (
	Ping      = "/ping"
	CACerts   = "/cacerts"
	Bootstrap = "/v1-k3s/server-bootstrap"
	Node      = "/v1-k3s/node"
)

// Users of the supervisor, named in tokens.
const (
	ServerUser = "server"
	NodeUser   = "node"
)

// BootstrapData is what a joining server gets.
type BootstrapData struct {
	Files    map[string][]byte `json:"files"`    // by path below server/
	Critical map[string]string `json:"critical"` // what all servers must agree on
	Etcd     []string          `json:"etcd"`     // client URLs of the members
}

// The certificates a node asks for.
const (
	Kubelet    = "client-kubelet"
	Serving    = "serving-kubelet"
	KubeProxy  = "client-kube-proxy"
	Controller = "client-k3s-controller"
)

// NodeRequest is what a node shows to be let in.
type NodeRequest struct {
	Name      string            `json:"name"`
	Password  string            `json:"password"`
	Addresses []string          `json:"addresses"`
	Requests  map[string][]byte `json:"requests"` // certificate requests (DER) by certificate
}

// NodeResponse is what it gets.
type NodeResponse struct {
	Certificates map[string][]byte `json:"certificates"`
	ClientCA     []byte            `json:"clientCA"`
	ServerCA     []byte            `json:"serverCA"`
	Cluster      Cluster           `json:"cluster"`
}

// Cluster is what every node must know of its cluster.
type Cluster struct {
	ClusterCIDR string `json:"clusterCIDR"`
	ServiceCIDR string `json:"serviceCIDR"`
	DNS         string `json:"dns"`
	Domain      string `json:"domain"`
	Backend     string `json:"backend"`
}
