package settings

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

var backends = []string{"vxlan", "host-gw", "none"}

var packaged = []string{
	"coredns", "servicelb", "traefik", "local-storage", "metrics-server", "runtimes",
}

// check refuses values that would fail later, and less clearly.
func (s *Settings) check() error {
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if keys[name].Kind != Switch {
			continue
		}
		if value := s.Text(name); value != "true" && value != "false" && value != "" {
			return fmt.Errorf("%s: %q was given; the value must be true or false", name, value)
		}
	}
	if err := s.checkAddresses(); err != nil {
		return err
	}
	if backend := s.Text("flannel-backend"); !slices.Contains(backends, backend) {
		return fmt.Errorf("flannel-backend: %q was given; the stand-in has %s",
			backend, strings.Join(backends, ", "))
	}
	for _, name := range s.List("disable") {
		if !slices.Contains(packaged, name) {
			return fmt.Errorf("disable: there is no packaged component %q; there are %s",
				name, strings.Join(packaged, ", "))
		}
	}
	if s.Role == Agent && s.Text("server") == "" {
		return fmt.Errorf("server: an agent needs the URL of a server (--server or K3S_URL)")
	}
	return nil
}

func (s *Settings) checkAddresses() error {
	for _, name := range []string{"node-ip", "node-external-ip", "cluster-dns"} {
		for _, value := range s.List(name) {
			if _, err := netip.ParseAddr(value); err != nil {
				return fmt.Errorf("%s: %q was given; the value must be an IP address", name, value)
			}
		}
	}
	for _, name := range []string{"cluster-cidr", "service-cidr"} {
		values := s.List(name)
		for _, value := range values {
			if _, err := netip.ParsePrefix(value); err != nil {
				return fmt.Errorf("%s: %q was given; the value must be a network such as 10.42.0.0/16",
					name, value)
			}
		}
		if len(values) != 1 || !strings.Contains(values[0], ".") {
			return fmt.Errorf("%s: %q was given; the stand-in has one IPv4 network",
				name, strings.Join(values, ","))
		}
	}
	return nil
}
