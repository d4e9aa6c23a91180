package node

import (
	"path/filepath"
	"testing"
)

func TestAResolverOnTheLoopbackIsOfNoUseInAPod(t *testing.T) {
	for text, want := range map[string]bool{
		"nameserver 127.0.0.53\n": false,
		"search lab\n":            false,
		"":                        false,
		"nameserver 127.0.0.1\nnameserver 192.0.2.53\n": true,
	} {
		if got := usable(text); got != want {
			t.Errorf("usable(%q) = %v", text, got)
		}
	}
}

func TestANodesPasswordIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node", "password")
	first, err := password(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := password(path)
	if err != nil || again != first || len(first) < 32 {
		t.Errorf("%q, then %q, err = %v", first, again, err)
	}
}
