package apply

import (
	"strings"
	"testing"
)

const stream = `# a comment alone
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
---
`

func TestAStreamIsTakenApartInItsOrder(t *testing.T) {
	objects, err := Parse([]byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	if got := strings.Join(names, ""); got != "abc" {
		t.Errorf("names = %q", got)
	}
}

func TestAnObjectWithoutANameIsAMistake(t *testing.T) {
	for _, text := range []string{"kind: ConfigMap\n", "metadata: {name: a}\n", "kind: [\n"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
