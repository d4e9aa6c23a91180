package podnet

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

func node(cidr, annotated, internal string) *core.Node {
	n := &core.Node{}
	n.Spec.PodCIDR = cidr
	if annotated != "" {
		n.Annotations = map[string]string{PublicIP: annotated}
	}
	if internal != "" {
		n.Status.Addresses = []core.NodeAddress{{Type: core.NodeInternalIP, Address: internal}}
	}
	return n
}

func TestAPeerIsWhereItSaysElseAtItsInternalAddress(t *testing.T) {
	for _, c := range []struct {
		node *core.Node
		want string
	}{
		{node("10.42.1.0/24", "198.51.100.1", "192.0.2.1"), "198.51.100.1"},
		{node("10.42.1.0/24", "", "192.0.2.1"), "192.0.2.1"},
		{node("10.42.1.0/24", "", ""), ""},
		{node("", "198.51.100.1", "192.0.2.1"), ""},
	} {
		p, ok := peerOf(c.node)
		if ok != (c.want != "") || ok && p.address.String() != c.want {
			t.Errorf("peerOf = %v %v, want %q", p, ok, c.want)
		}
	}
}

func TestTunnelsEndsDiffer(t *testing.T) {
	a, b := netip.MustParsePrefix("10.42.1.0/24"), netip.MustParsePrefix("10.42.2.0/24")
	if got := mac(a).String(); got != "0a:58:0a:2a:01:00" || got == mac(b).String() {
		t.Errorf("mac = %s and %s", got, mac(b))
	}
}

func TestTheConflistIsForThisNodesPods(t *testing.T) {
	text, err := conflist(netip.MustParsePrefix("10.42.3.0/24"), "10.42.0.0/16", 1450)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Plugins []struct {
			Type string
			MTU  int
			IPAM struct{ Ranges [][]struct{ Subnet string } }
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	bridge := parsed.Plugins[0]
	subnet := bridge.IPAM.Ranges[0][0].Subnet
	if bridge.Type != "bridge" || bridge.MTU != 1450 || subnet != "10.42.3.0/24" {
		t.Errorf("%+v", bridge)
	}
}

func TestOnlyWhatLeavesTheClusterIsMasqueraded(t *testing.T) {
	text := rules(netip.MustParsePrefix("10.42.3.0/24"), "10.42.0.0/16")
	inside := strings.Index(text, "-s 10.42.3.0/24 -d 10.42.0.0/16 -j RETURN")
	masquerade := strings.Index(text, "-s 10.42.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE")
	if inside < 0 || masquerade < inside {
		t.Errorf("the exception must come first:\n%s", text)
	}
}
