package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

func (a *app) explainCommand() *cobra.Command {
	var request api.ExplainRequest
	var proto string
	cmd := &cobra.Command{
		Use:   "explain --source INTERFACE --direction DIRECTION (--src ADDRESS --dst ADDRESS | --frame HEX)",
		Short: "ask the data path what it does with one packet, and why",
		Long: "Ask the data path what it does with one packet, and why: which session and rule decide, why the others\n" +
			"do not, and what the copy would look like. Nothing is sent.",
		Example: "  mirrorctl explain --source web-1 --direction ingress --protocol tcp --src 10.0.0.9:4000 --dst 10.0.0.5:443",
		Args:    takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&request.Source, "source", "", "`INTERFACE` whose packet it is, name or ID (required)")
	flags.StringVar(&request.Direction, "direction", "", "`DIRECTION` of the packet: ingress (towards the source) or egress (from it) (required)")
	flags.StringVar(&proto, "protocol", "", "`PROTOCOL` of the packet, name or number")
	flags.StringVar(&request.SourceAddr, "src", "", "`ADDRESS` it comes from, with a port as 10.0.0.9:4000 or [2001:db8::1]:4000")
	flags.StringVar(&request.DestinationAddr, "dst", "", "`ADDRESS` it goes to")
	flags.IntVar(&request.Length, "length", 0, "`BYTES` of its frame (default: as short as it can be)")
	flags.StringVar(&request.Frame, "frame", "", "the frame itself from the Ethernet header, in `HEX`; blanks and colons are ignored")
	a.accountFlag(cmd)
	_ = cmd.RegisterFlagCompletionFunc("source", a.completeField(&field{refers: "interface"}))
	_ = cmd.RegisterFlagCompletionFunc("direction", completeWords(directions...))
	_ = cmd.RegisterFlagCompletionFunc("protocol", a.completeField(ruleKind.field("protocol")))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := a.format("json")
		if err == nil {
			err = packet(&request, proto)
		}
		if err != nil {
			return hinted(err, cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		explanation, err := answer(g.Explain(ctx, request, client.Account(a.account)))
		if err != nil {
			return err
		}
		if a.output == "json" {
			return a.json(explanation)
		}
		return a.print(strings.TrimRight(explanation.Text, "\n"))
	}
	return cmd
}

// packet completes and checks the question.
func packet(request *api.ExplainRequest, proto string) error {
	switch {
	case request.Source == "":
		return usagef("whose packet? give --source INTERFACE")
	case request.Direction == "":
		return usagef("which direction? give --direction ingress or egress")
	case request.Frame != "" && (proto != "" || request.SourceAddr != "" || request.DestinationAddr != "" || request.Length != 0):
		return usagef("--frame is the whole packet; leave out --protocol, --src, --dst and --length")
	case request.Frame == "" && (request.SourceAddr == "" || request.DestinationAddr == ""):
		return usagef("which packet? give --src and --dst, or --frame")
	}
	if proto != "" {
		request.Protocol = &api.Protocol{Text: proto}
	}
	request.Frame = strings.NewReplacer(" ", "", ":", "", "\n", "", "\t", "").Replace(request.Frame)
	return nil
}
