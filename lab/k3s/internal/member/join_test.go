package member

import (
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
)

func TestANodesNameIsItsMembersWithoutTheSuffix(t *testing.T) {
	for member, node := range map[string]string{
		"s1-0a1b2c3d": "s1", "big-host-0a1b2c3d": "big-host", "": "",
	} {
		if got := nodeOf(member); got != node {
			t.Errorf("nodeOf(%q) = %q, want %q", member, got, node)
		}
	}
}

func TestTheInitialClusterHoldsThisMemberUnderItsOwnName(t *testing.T) {
	members := []*etcdserverpb.Member{
		{Name: "s1-x", PeerURLs: []string{"https://192.0.2.1:2380"}},
		{PeerURLs: []string{"https://192.0.2.2:2380"}}, // added, and not started
	}
	got := initialCluster(members, Options{Address: "192.0.2.2"}, "s2-y")
	if want := "s1-x=https://192.0.2.1:2380,s2-y=https://192.0.2.2:2380"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
