package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mirrorgw/testbed/traffic"
)

// How much the control rows load: so many interfaces, filters and sessions, one of each for every
// source.
const (
	controlSources = 10000
	controlRules   = 10 // of each filter
)

// Files of the control rows, beside those of every workload.
const (
	socketFile = "ctl.sock"
	stateFile  = "state.db"
)

// prepareControl writes the capture and the configuration of a gateway with socket and state.
func prepareControl(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := traffic.Write(filepath.Join(dir, captureFile), sourceFrames(controlSources)()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, gatewayFile), []byte(controlTOML()), 0o644)
}

// controlTOML is the gateway of all workloads with a control socket and a state on disk.
func controlTOML() string {
	return gatewayTOML(&workload{}) + fmt.Sprintf("\n[ctl]\nsocket = %q\n\n[state]\npath = %q\n", socketFile, stateFile)
}

// scaleTOML has n interfaces, each with a session and a filter of its own, whose last rule accepts
// what sourceFrames sends from it.
func scaleTOML(n int) string {
	var text strings.Builder
	text.WriteString(targetTOML())
	for i := range n {
		host := source(i)
		text.WriteString(interfaceTOML(host.Name, host.MAC.String(), host.IPv4.String()))
		fmt.Fprintf(&text, "[[filter]]\nname = %q\n%s\n", filterName(i), scaleRules(i))
		fmt.Fprintf(&text, "[[session]]\nname = \"session-%d\"\nsource = %q\ntarget = \"ids-1\"\nfilter = %q\nnumber = 1\nvni = %d\n\n",
			i, host.Name, filterName(i), 1+i)
	}
	return text.String()
}

func filterName(i int) string { return fmt.Sprintf("filter-%d", i) }

// scaleRules are the rules of the i-th filter. No two filters have a rule in common, so that
// nothing can be shared between them.
func scaleRules(i int) string {
	const deciding = controlRules - 1
	var text strings.Builder
	for j := range controlRules {
		ports, destination := fmt.Sprintf("%d-%d", 6000+(i*deciding+j)%50000, 6001+(i*deciding+j)%50000), "10.9.0.0/16"
		if j == deciding {
			ports = "5000"
		}
		fmt.Fprintf(&text, "[[filter.rule]]\ndirection = \"egress\"\nnumber = %d\naction = \"accept\"\nprotocol = \"udp\"\nsource = \"%s/32\"\ndestination = %q\ndestination_ports = %q\n",
			10*(j+1), source(i).IPv4, destination, ports)
	}
	return text.String()
}
