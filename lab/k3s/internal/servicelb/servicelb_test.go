package servicelb

import (
	"slices"
	"testing"

	core "k8s.io/api/core/v1"
)

func node(name string, ready core.ConditionStatus, addresses ...core.NodeAddress) *core.Node {
	n := &core.Node{}
	n.Name = name
	n.Status.Conditions = []core.NodeCondition{{Type: core.NodeReady, Status: ready}}
	n.Status.Addresses = addresses
	return n
}

func internal(ip string) core.NodeAddress {
	return core.NodeAddress{Type: core.NodeInternalIP, Address: ip}
}

func external(ip string) core.NodeAddress {
	return core.NodeAddress{Type: core.NodeExternalIP, Address: ip}
}

func TestOnlyReadyNodesGiveTheirAddresses(t *testing.T) {
	nodes := []*core.Node{
		node("b", core.ConditionTrue, internal("192.0.2.2")),
		node("a", core.ConditionTrue, internal("192.0.2.1")),
		node("c", core.ConditionUnknown, internal("192.0.2.3")),
	}
	if got := addresses(nodes, nil); !slices.Equal(got, []string{"192.0.2.1", "192.0.2.2"}) {
		t.Errorf("addresses = %q", got)
	}
	local := map[string]bool{"b": true, "c": true}
	if got := addresses(nodes, local); !slices.Equal(got, []string{"192.0.2.2"}) {
		t.Errorf("with local traffic the addresses are %q", got)
	}
}

func TestExternalAddressesComeBeforeInternalOnes(t *testing.T) {
	nodes := []*core.Node{
		node("a", core.ConditionTrue, internal("192.0.2.1"), external("198.51.100.1")),
		node("b", core.ConditionTrue, internal("192.0.2.2")),
	}
	if got := addresses(nodes, nil); !slices.Equal(got, []string{"198.51.100.1"}) {
		t.Errorf("addresses = %q", got)
	}
}

func TestAServiceOfAnotherClassIsLeftAlone(t *testing.T) {
	other := "example.com/lb"
	service := &core.Service{Spec: core.ServiceSpec{Type: core.ServiceTypeLoadBalancer}}
	if !ours(service) {
		t.Error("a Service without a class is not taken")
	}
	service.Spec.LoadBalancerClass = &other
	if ours(service) {
		t.Error("a Service of another class is taken")
	}
}
