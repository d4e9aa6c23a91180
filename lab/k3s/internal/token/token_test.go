package token

import (
	"errors"
	"testing"
)

func TestATokenHoldsTheHashOfEveryByteOfTheCA(t *testing.T) {
	raw := Format([]byte("ca\n"), "server", "secret:with:colons")
	parsed, err := Parse(raw, "node")
	if err != nil {
		t.Fatal(err)
	}
	if parsed.User != "server" || parsed.Password != "secret:with:colons" {
		t.Errorf("parsed = %+v", parsed)
	}
	if err := parsed.Check([]byte("ca\n")); err != nil {
		t.Error(err)
	}
	if err := parsed.Check([]byte("ca")); !errors.Is(err, ErrCA) {
		t.Errorf("a CA without its last newline: err = %v", err)
	}
}

func TestAPasswordAloneTrustsAnyCA(t *testing.T) {
	parsed, err := Parse("secret\n", "node")
	if err != nil || parsed != (Token{User: "node", Password: "secret"}) {
		t.Errorf("parsed = %+v, err = %v", parsed, err)
	}
	if err := parsed.Check([]byte("any")); err != nil {
		t.Error(err)
	}
}

func TestABrokenTokenIsRefused(t *testing.T) {
	empty := Format(nil, "server", "")
	for _, raw := range []string{"", "K10", "K10abc::server:x", "K10::server:x", empty} {
		if _, err := Parse(raw, "node"); err == nil {
			t.Errorf("%q was accepted", raw)
		}
	}
}
