package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"

	"mirrorgw/cmd/internal/doctor"
	"mirrorgw/cmd/internal/gateway"
	"mirrorgw/cmd/internal/manual"
	"mirrorgw/cmd/internal/version"
)

// runManual is "mirrorgw manual": it prints mirrorgw(8), for who packages the programs.
func runManual(args []string, out, errs io.Writer) int {
	switch {
	case len(args) == 0:
		fmt.Fprint(out, manualPage().Roff())
	case len(args) == 1 && args[0] == "--markdown":
		fmt.Fprint(out, manualPage().Markdown())
	default:
		fmt.Fprintf(errs, "mirrorgw: unexpected argument %q: manual has none but --markdown\n", args[0])
		return exitUsage
	}
	return exitOK
}

func manualPage() *manual.Page {
	flags, _ := daemonFlags(new(gateway.Options))
	p := manual.New("mirrorgw", 8, version.String(), "traffic mirror gateway")
	p.Section("SYNOPSIS")
	p.Verbatim(synopsis)
	p.Section("DESCRIPTION")
	p.Text("mirrorgw forwards production traffic between pairs of DPDK ports, untouched, and sends copies of what its\n" +
		"traffic mirror sessions select, encapsulated in VXLAN, to monitoring tools. mirrorctl(1) steers it while it runs.")
	p.Section("OPTIONS")
	items(p, flags)
	p.Section("COMMANDS")
	p.Subsection("mirrorgw state check|export|compact")
	p.Text(stateHelp)
	items(p, stateFlags(new(gateway.StateOptions)))
	p.Subsection("mirrorgw bypass bypass|inline")
	p.Text(bypassHelp)
	items(p, bypassFlags(new(gateway.BypassOptions)))
	p.Subsection("mirrorgw doctor")
	p.Text(doctorHelp)
	doctorFlags, _ := doctorFlags(new(doctor.Options))
	items(p, doctorFlags)
	p.Subsection("mirrorgw completion bash|zsh|fish")
	p.Text("Prints the completion script of a shell.")
	p.Section("SIGNALS")
	p.Item("SIGHUP", "The configuration is read again: quotas, excludes, log and limits come into force, all or nothing; so are access keys, certificate and users. --check-config prints which keys need a restart.")
	p.Item("SIGTERM, SIGINT", "The gateway ends in order. A second signal ends it at once.")
	p.Section("EXIT STATUS")
	p.Text("0 done; 1 it could not start, or ended with an error; 2 the command line makes no sense.")
	p.Section("FILES")
	p.Item("/etc/mirrorgw/mirrorgw.toml", "the configuration of mirrorgw.service")
	p.Item("/etc/mirrorgw/NAME.toml", "that of mirrorgw@NAME.service")
	p.Item("/var/lib/mirrorgw", "state")
	p.Item("/run/mirrorgw", "control sockets")
	p.Item("/usr/share/doc/mirrorgw", "examples and documentation")
	p.Section("SEE ALSO")
	p.Text("mirrorctl(1), systemctl(1)")
	return p
}

// items appends a flag each.
func items(p *manual.Page, flags *flag.FlagSet) {
	flags.VisitAll(func(f *flag.Flag) {
		value, meaning := flag.UnquoteUsage(f)
		term := "--" + f.Name
		if value != "" {
			term += " " + value
		}
		p.Item(term, meaning)
	})
}

// runCompletion is "mirrorgw completion SHELL".
func runCompletion(args []string, out, errs io.Writer) int {
	write := map[string]func(io.Writer, *flag.FlagSet){"bash": completeBash, "zsh": completeZsh, "fish": completeFish}
	if len(args) != 1 || write[args[0]] == nil {
		fmt.Fprintln(errs, "mirrorgw: completion needs one shell: bash, zsh or fish")
		return exitUsage
	}
	flags, _ := daemonFlags(new(gateway.Options))
	state := stateFlags(new(gateway.StateOptions))
	state.VisitAll(func(f *flag.Flag) {
		if flags.Lookup(f.Name) == nil {
			flags.Var(f.Value, f.Name, f.Usage)
		}
	})
	var b bytes.Buffer
	write[args[0]](&b, flags)
	_, _ = b.WriteTo(out)
	return exitOK
}

func completeBash(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "# bash completion of mirrorgw(8)\n_mirrorgw() {\n    local words=\"state bypass doctor completion\"\n"+
		"    case \"${COMP_WORDS[1]}\" in\n    state) words=\"check export compact\" ;;\n    bypass) words=\"bypass inline\" ;;\n    completion) words=\"bash zsh fish\" ;;\n    esac\n"+
		"    case \"${COMP_WORDS[COMP_CWORD]}\" in\n    -*) words=\"")
	flags.VisitAll(func(f *flag.Flag) { fmt.Fprintf(w, "--%s ", f.Name) })
	fmt.Fprint(w, "--help\" ;;\n    esac\n"+
		"    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n}\n"+
		"complete -o default -F _mirrorgw mirrorgw\n")
}

func completeZsh(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "#compdef mirrorgw\n# zsh completion of mirrorgw(8)\n_arguments \\\n")
	flags.VisitAll(func(f *flag.Flag) {
		value, meaning := flag.UnquoteUsage(f)
		action := ""
		if value != "" {
			action = ":" + value + ":_files"
		}
		fmt.Fprintf(w, "    %s \\\n", shellQuote("--"+f.Name+"["+zshText(meaning)+"]"+action))
	})
	fmt.Fprint(w, "    '1::command:(state bypass doctor completion)' \\\n    '2::action:(check export compact bypass inline bash zsh fish)'\n")
}

func completeFish(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "# fish completion of mirrorgw(8)\n"+
		"complete -c mirrorgw -n __fish_use_subcommand -xa 'state bypass doctor completion'\n"+
		"complete -c mirrorgw -n '__fish_seen_subcommand_from state' -xa 'check export compact'\n"+
		"complete -c mirrorgw -n '__fish_seen_subcommand_from bypass' -xa 'bypass inline'\n"+
		"complete -c mirrorgw -n '__fish_seen_subcommand_from completion' -xa 'bash zsh fish'\n")
	flags.VisitAll(func(f *flag.Flag) {
		value, meaning := flag.UnquoteUsage(f)
		takes := ""
		if value != "" {
			takes = " -r -F"
		}
		fmt.Fprintf(w, "complete -c mirrorgw -l %s%s -d %s\n", f.Name, takes, shellQuote(meaning))
	})
}
