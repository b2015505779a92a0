package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/client"
)

// SocketVariable names the daemon's socket where --socket does not.
const SocketVariable = "MIRRORCTL_SOCKET"

// completionTime is all that a completion may take; a shell waits for it.
const completionTime = time.Second

// Environment is what mirrorctl has around it. Tests give their own.
type Environment struct {
	In        io.Reader
	Out, Errs io.Writer
	Getenv    func(string) string
	Dial      func(socket string) Gateway
	Screen    *os.File         // the terminal that Out is, nil when it is none
	Keys      *os.File         // the terminal that In is, nil when it is none
	Now       func() time.Time // with a monotonic reading
	After     func(time.Duration) <-chan time.Time
}

// app is one run of mirrorctl.
type app struct {
	Environment

	socket  string
	account string
	output  string // what -o says; "": for people
	timeout time.Duration
}

// Run executes the command line args (without the program's name) and returns the exit code. The
// end of ctx interrupts it.
func Run(ctx context.Context, args []string, e Environment) int {
	a := &app{Environment: e}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && err != errUnhealthy && err != errDenied {
		for i, line := range errorLines(err) {
			if i == 0 {
				line = "mirrorctl: " + line
			}
			fmt.Fprintln(a.Errs, line)
		}
	}
	return exitCode(err)
}

// root is the whole command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "mirrorctl",
		Short: "mirrorctl steers a running mirrorgw",
		Long: "mirrorctl steers a running mirrorgw over its control socket: what is mirrored, where to, and\n" +
			"what became of it. Names and IDs are taken alike.\n\n" + exitCodesHelp,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Errs)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{flagFault(err, cmd.Flags().FlagUsages()), cmd.CommandPath()}
	})
	a.globalFlags(root)
	root.AddGroup(&cobra.Group{ID: "resources", Title: "Resources:"}, &cobra.Group{ID: "document", Title: "All resources at once:"},
		&cobra.Group{ID: "watch", Title: "What the gateway does:"}, &cobra.Group{ID: "care", Title: "The daemon itself:"})
	for _, k := range kinds {
		addTo(root, "resources", a.kindCommand(k))
	}
	addTo(root, "resources", a.tagCommand())
	addTo(root, "document", a.applyCommand(), a.exportCommand())
	addTo(root, "watch", a.statusCommand(), a.statsCommand(), a.topCommand(), a.portsCommand(), a.lcoresCommand(),
		a.explainCommand(), a.watchCommand(), a.changesCommand(), a.captureCommand(), a.auditCommand(), a.consoleCommand())
	addTo(root, "care", a.reloadCommand(), a.logLevelCommand(), a.bundleCommand())
	root.AddCommand(a.iamCommand(), a.versionCommand(), a.completionCommand(), a.manualCommand())
	root.SetHelpCommand(helpCommand())
	return root
}

func addTo(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

func (a *app) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.socket, "socket", a.defaultSocket(), "`PATH` of the daemon's control socket; also "+SocketVariable)
	flags.DurationVar(&a.timeout, "timeout", 30*time.Second, "`DURATION` to wait for an answer")
	flags.StringVarP(&a.output, "output", "o", "", "in which `FORMAT`: json for programs, name for scripts; export: toml or json")
	_ = root.MarkPersistentFlagFilename("socket")
	_ = root.RegisterFlagCompletionFunc("output", completeWords("json", "name", "toml"))
}

func (a *app) defaultSocket() string {
	if path := a.Getenv(SocketVariable); path != "" {
		return path
	}
	return client.DefaultSocket
}

// daemon returns the gateway and a context that ends when the answer is late.
func (a *app) daemon(cmd *cobra.Command) (Gateway, context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(cmd.Context(), a.timeout)
	return a.Dial(a.socket), ctx, cancel
}

// options are those that every request about resources has.
func (a *app) options() Options { return Options{Account: a.account} }

// accountFlag lets a command name resources of another account.
func (a *app) accountFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.account, "account", "", "whose resources are meant, by 12 `DIGITS` (default: the default account)")
}

// format checks -o against what a command can print besides its words for people.
func (a *app) format(known ...string) error {
	if a.output == "" {
		return nil
	}
	for _, format := range known {
		if a.output == format {
			return nil
		}
	}
	if len(known) == 0 {
		return usagef("-o has no effect here; leave it out")
	}
	return usagef("-o %s is not known here; give %s, or leave it out", a.output, strings.Join(known, " or "))
}

// json prints what the API said, indented.
func (a *app) json(answer any) error {
	text, ok := answer.(json.RawMessage)
	if !ok {
		var err error
		if text, err = encode(answer); err != nil {
			return err
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return err
	}
	return a.print(indented.String())
}

// print writes lines to standard output.
func (a *app) print(lines ...string) error {
	if len(lines) == 0 {
		return nil
	}
	if _, err := io.WriteString(a.Out, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("the output cannot be written: %w", err)
	}
	return nil
}

// warn tells people what goes beside the output.
func (a *app) warn(warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintln(a.Errs, "warning: "+printable(warning))
	}
}
