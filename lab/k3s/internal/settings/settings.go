// Package settings is the merged configuration of one node: files, environment and flags.
package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Role is what the node is started as.
type Role string

// The two roles.
const (
	Server Role = "server"
	Agent  Role = "agent"
)

// Settings is the configuration of one node. Reading a key that is not in the table is a mistake in
// the program and panics.
type Settings struct {
	Role   Role
	Notes  []string // what was accepted and means nothing here
	values map[string][]string
}

// Sources are the places a node's configuration comes from.
type Sources struct {
	File  string            // config.yaml; the folder of the same name with .d holds its drop-ins
	Env   map[string]string // K3S_TOKEN and its like
	Flags []string          // the command line behind `server` or `agent`
}

var environment = map[string]string{
	"K3S_TOKEN":       "token",
	"K3S_TOKEN_FILE":  "token-file",
	"K3S_AGENT_TOKEN": "agent-token",
	"K3S_URL":         "server",
	"K3S_NODE_NAME":   "node-name",
}

// Load merges the sources: files first, in the order of their names, then the environment, then
// flags.
func Load(role Role, from Sources) (*Settings, error) {
	s := &Settings{Role: role, values: map[string][]string{}}
	files, err := configFiles(from.File)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := s.addFile(file); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		if value := from.Env[name]; value != "" {
			s.set(environment[name], []string{value}, false)
		}
	}
	if err := s.addFlags(from.Flags); err != nil {
		return nil, err
	}
	s.note()
	return s, s.check()
}

// Text is the value of a key, its default, or the empty string.
func (s *Settings) Text(key string) string {
	if values := s.List(key); len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// Switch is the value of a true-or-false key.
func (s *Settings) Switch(key string) bool { return s.Text(key) == "true" }

// List is all values of a key, or its default.
func (s *Settings) List(key string) []string {
	if _, known := keys[key]; !known {
		panic("settings: there is no key " + key)
	}
	if values := s.values[key]; len(values) > 0 {
		return values
	}
	if value := defaults[key]; value != "" {
		return []string{value}
	}
	return nil
}

func (s *Settings) set(name string, values []string, add bool) {
	kind := keys[name].Kind
	if kind == Words {
		values = split(values)
	}
	if add && (kind == List || kind == Words) {
		values = append(slices.Clone(s.values[name]), values...)
	}
	s.values[name] = values
}

func split(values []string) []string {
	var words []string
	for _, value := range values {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				words = append(words, word)
			}
		}
	}
	return words
}

// note says which keys were given in vain, and drops a server's keys on an agent, as K3s does.
func (s *Settings) note() {
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		switch key := keys[name]; {
		case s.Role == Agent && key.Server:
			s.Notes = append(s.Notes, fmt.Sprintf("%s is a server's key and is skipped on an agent", name))
			delete(s.values, name)
		case key.Ignored != "":
			s.Notes = append(s.Notes, fmt.Sprintf("%s is ignored: %s", name, key.Ignored))
		}
	}
}

// Critical is what all servers of a cluster must agree on.
func (s *Settings) Critical() map[string]string {
	agreed := map[string]string{}
	for _, name := range []string{
		"cluster-cidr", "service-cidr", "cluster-dns", "cluster-domain", "flannel-backend",
		"secrets-encryption",
	} {
		agreed[name] = strings.Join(s.List(name), ",")
	}
	if agreed["secrets-encryption"] == "" {
		agreed["secrets-encryption"] = "false"
	}
	disabled := slices.Sorted(slices.Values(s.List("disable")))
	agreed["disable"] = strings.Join(disabled, ",")
	return agreed
}
