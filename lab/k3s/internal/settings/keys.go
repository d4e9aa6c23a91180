package settings

// Kind tells how a key's values are read.
type Kind int

// The kinds of keys.
const (
	Text   Kind = iota // one value; a later one overrides
	Switch             // true or false; a later one overrides
	List               // many values, one an entry
	Words              // many values; one entry may hold several, separated by commas
)

// Key is what is known of one configuration key.
type Key struct {
	Kind    Kind
	Server  bool   // means nothing to an agent
	Ignored string // why the stand-in accepts the key and does nothing with it
}

const (
	notRotated   = "the stand-in takes snapshots only when asked to (k3s etcd-snapshot save)"
	noPolicies   = "the stand-in has no network policy controller"
	noMirror     = "the stand-in shares no images between nodes"
	onlyDebian   = "containerd, runc and the CNI plugins are the host's own"
	onlyArchives = "the packaged components' images come from the image archive"
	nothingToSay = "the stand-in has one level of logging"
)

var keys = map[string]Key{
	"token":          {},
	"token-file":     {},
	"agent-token":    {Server: true},
	"server":         {},
	"cluster-init":   {Kind: Switch, Server: true},
	"data-dir":       {},
	"debug":          {Kind: Switch, Ignored: nothingToSay},
	"node-name":      {},
	"node-ip":        {Kind: Words},
	"node-label":     {Kind: Words},
	"node-taint":     {Kind: Words},
	"lb-server-port": {},
	"resolv-conf":    {},

	"node-external-ip":        {Kind: Words},
	"protect-kernel-defaults": {Kind: Switch},
	"flannel-iface":           {},
	"kubelet-arg":             {Kind: List},
	"kube-proxy-arg":          {Kind: List},

	"prefer-bundled-bin": {Kind: Switch, Ignored: onlyDebian},
	"embedded-registry":  {Kind: Switch, Server: true, Ignored: noMirror},

	"tls-san":                 {Kind: Words, Server: true},
	"cluster-cidr":            {Kind: Words, Server: true},
	"service-cidr":            {Kind: Words, Server: true},
	"cluster-dns":             {Kind: Words, Server: true},
	"cluster-domain":          {Server: true},
	"flannel-backend":         {Server: true},
	"disable":                 {Kind: Words, Server: true},
	"disable-network-policy":  {Kind: Switch, Server: true, Ignored: noPolicies},
	"write-kubeconfig-mode":   {Server: true},
	"secrets-encryption":      {Kind: Switch, Server: true},
	"system-default-registry": {Server: true, Ignored: onlyArchives},

	"kube-apiserver-arg":          {Kind: List, Server: true},
	"kube-controller-manager-arg": {Kind: List, Server: true},
	"kube-scheduler-arg":          {Kind: List, Server: true},

	"etcd-arg":                    {Kind: List, Server: true},
	"etcd-expose-metrics":         {Kind: Switch, Server: true},
	"etcd-snapshot-dir":           {Server: true},
	"etcd-snapshot-schedule-cron": {Server: true, Ignored: notRotated},
	"etcd-snapshot-retention":     {Server: true, Ignored: notRotated},
	"etcd-snapshot-compress":      {Kind: Switch, Server: true, Ignored: notRotated},
	"etcd-disable-snapshots":      {Kind: Switch, Server: true, Ignored: notRotated},
}

var defaults = map[string]string{
	"data-dir":        "/var/lib/rancher/k3s",
	"cluster-cidr":    "10.42.0.0/16",
	"service-cidr":    "10.43.0.0/16",
	"cluster-dns":     "10.43.0.10",
	"cluster-domain":  "cluster.local",
	"flannel-backend": "vxlan",
	"lb-server-port":  "6444",
}
