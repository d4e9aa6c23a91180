package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// configFiles are config.yaml and the *.yaml of config.yaml.d in the order of their names.
func configFiles(main string) ([]string, error) {
	var files []string
	if _, err := os.Stat(main); err == nil {
		files = append(files, main)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	dropIns, err := filepath.Glob(filepath.Join(main+".d", "*.y*ml"))
	return append(files, dropIns...), err
}

func (s *Settings) addFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return nil
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: the file must be a mapping of keys to values", file)
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		written := mapping.Content[i].Value
		name := strings.TrimSuffix(written, "+")
		if _, known := keys[name]; !known {
			return fmt.Errorf("%s: unknown key %q; remove it or correct its spelling", file, written)
		}
		values, err := scalars(mapping.Content[i+1])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, written, err)
		}
		s.set(name, values, written != name)
	}
	return nil
}

// scalars are the values as they are written, so that 0600 stays 0600 and 1.10 stays 1.10.
func scalars(node *yaml.Node) ([]string, error) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil, nil
	case node.Kind == yaml.ScalarNode:
		return []string{node.Value}, nil
	case node.Kind != yaml.SequenceNode:
		return nil, errors.New("a mapping was given; the value must be a scalar or a list of scalars")
	}
	var values []string
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("a list may hold only scalars")
		}
		values = append(values, item.Value)
	}
	return values, nil
}

func (s *Settings) addFlags(flags []string) error {
	for len(flags) > 0 {
		name, value, given := strings.Cut(strings.TrimLeft(flags[0], "-"), "=")
		key, known := keys[name]
		if !known || !strings.HasPrefix(flags[0], "-") {
			return fmt.Errorf("command line: unknown flag %q; remove it or correct its spelling", flags[0])
		}
		flags = flags[1:]
		switch {
		case given:
		case key.Kind == Switch:
			value = "true"
		case len(flags) == 0:
			return fmt.Errorf("command line: --%s needs a value", name)
		default:
			value, flags = flags[0], flags[1:]
		}
		s.set(name, []string{value}, true)
	}
	return nil
}
