package trust

import (
	"os"
	"strings"
	"testing"

	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/token"
)

func opened(t *testing.T) (layout.Layout, *Trust) {
	t.Helper()
	l := layout.Layout{Data: t.TempDir()}
	trust, err := Open(l, true)
	if err != nil {
		t.Fatal(err)
	}
	return l, trust
}

func TestAJoiningServerSignsWithTheClustersAuthorities(t *testing.T) {
	first, trust := opened(t)
	bundle, err := Bundle(first)
	if err != nil {
		t.Fatal(err)
	}
	second := layout.Layout{Data: t.TempDir()}
	bundle["../escape"] = []byte("x")
	if err := Unpack(second, bundle); err != nil {
		t.Fatal(err)
	}
	joined, err := Open(second, true)
	if err != nil {
		t.Fatal(err)
	}
	if string(joined.Server.PEM) != string(trust.Server.PEM) {
		t.Error("the second server has another authority")
	}
	key, err := os.ReadFile(EncryptionFile(second))
	if err != nil || string(key) != string(bundle[encryptionFile]) {
		t.Error("the second server encrypts with another key")
	}
	if _, err := os.Stat(second.Data + "/escape"); err == nil {
		t.Error("a file that is not shared was unpacked")
	}
}

func TestTokensAreWrittenInFullAndKept(t *testing.T) {
	l, trust := opened(t)
	if err := trust.SetPasswords(l, "s3rver", "ag3nt"); err != nil {
		t.Fatal(err)
	}
	for file, user := range map[string]string{
		"token": "server", "node-token": "server", "agent-token": "node",
	} {
		text, err := os.ReadFile(l.Server(file))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := token.Parse(string(text), "")
		if err != nil || parsed.User != user || parsed.Check(trust.Server.PEM) != nil {
			t.Errorf("%s is %q: %+v %v", file, text, parsed, err)
		}
	}
	if err := trust.SetPasswords(l, "", "ag3nt"); err != nil || trust.ServerPassword != "s3rver" {
		t.Errorf("without a token in the configuration: %q, %v", trust.ServerPassword, err)
	}
}

func TestATokenThatIsNotTheClustersIsRefused(t *testing.T) {
	l, trust := opened(t)
	if err := trust.SetPasswords(l, "one", ""); err != nil {
		t.Fatal(err)
	}
	err := trust.SetPasswords(l, "two", "")
	if err == nil || !strings.Contains(err.Error(), l.Server("token")) {
		t.Errorf("another password: err = %v", err)
	}
	other := token.Format([]byte("another authority"), "server", "one")
	if err := trust.SetPasswords(l, other, ""); err == nil {
		t.Error("a token of another authority was taken")
	}
}

func TestWithoutAnAgentTokenAgentsUseTheServers(t *testing.T) {
	l, trust := opened(t)
	if err := trust.SetPasswords(l, "one", ""); err != nil {
		t.Fatal(err)
	}
	if trust.AgentPassword != "one" {
		t.Errorf("agents come in with %q", trust.AgentPassword)
	}
	if target, err := os.Readlink(l.Server("agent-token")); err != nil || target != "token" {
		t.Errorf("agent-token -> %q, %v", target, err)
	}
}
