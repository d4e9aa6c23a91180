// Package arguments is the command line of a Kubernetes program: the stand-in's own and the
// operator's.
package arguments

import (
	"maps"
	"slices"
	"strings"
)

// Set is flags by name.
type Set map[string]string

// With is the command line: the operator's key=value pairs (the *-arg keys) take the place of the
// set's own, but feature gates are added to them, the operator's last.
func (s Set) With(pairs []string) []string {
	given := map[string][]string{}
	for _, pair := range pairs {
		key, value, found := strings.Cut(strings.TrimLeft(pair, "-"), "=")
		if !found {
			value = "true"
		}
		given[key] = append(given[key], value)
	}
	const gates = "feature-gates"
	if own := s[gates]; own != "" && len(given[gates]) > 0 {
		given[gates] = []string{own + "," + strings.Join(given[gates], ",")}
	}
	for key, value := range s {
		if _, override := given[key]; !override {
			given[key] = []string{value}
		}
	}
	var line []string
	for _, key := range slices.Sorted(maps.Keys(given)) {
		for _, value := range given[key] {
			line = append(line, "--"+key+"="+value)
		}
	}
	return line
}
