package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/iam/simulate"
)

func (a *app) iamCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "iam", Short: "who may do what"})
	cmd.AddCommand(a.simulateCommand())
	return cmd
}

// simulation is what the flags of iam simulate say.
type simulation struct {
	user, action, directory, region string
	resources, context              []string
}

func (a *app) simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "simulate --user USER --action ACTION --resource ARN",
		Short: "tell whether a user may do something, and which statement decides",
		Long: "Tell whether a user may do something, and which statement of which policy decides. Nothing is done.\n" +
			"Exits with 0 if it is allowed and with 1 if it is denied.",
		Example: "  mirrorctl iam simulate --account 111111111111 --user alice --action ec2:CreateTrafficMirrorSession \\\n" +
			"      --resource 'arn:aws:ec2:local-1:111111111111:traffic-mirror-target/tmt-0123456789abcdef0'",
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&s.user, "user", "", "`USER` of the account (default: the account itself)")
	flags.StringVar(&s.action, "action", "", "`ACTION`, as ec2:CreateTrafficMirrorSession (required)")
	flags.StringArrayVar(&s.resources, "resource", nil, "`ARN` that it is on; repeat it where the action is on several, each must be allowed (default: *)")
	flags.StringArrayVar(&s.context, "context", nil, "a condition key, `KEY=VALUE`, as aws:SourceIp=192.0.2.1 or aws:ResourceTag/team=red; may be repeated")
	flags.StringVar(&s.directory, "directory", "", "`FILE` of users and policies to ask instead of the daemon")
	flags.StringVar(&s.region, "region", config.DefaultAWSRegion, "`REGION` that the request is for, with --directory")
	a.accountFlag(cmd)
	_ = cmd.MarkFlagFilename("directory")
	_ = cmd.RegisterFlagCompletionFunc("action", completeWords(actionNames()...))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		request, err := s.request(a.account)
		if err == nil {
			err = a.format("json")
		}
		if err != nil {
			return hinted(err, cmd)
		}
		answered, err := a.simulate(cmd, &s, request)
		if err != nil {
			return err
		}
		return a.tellSimulation(answered)
	}
	return cmd
}

func actionNames() (names []string) {
	for _, action := range iam.Actions() {
		names = append(names, action.Name)
	}
	return names
}

func (s *simulation) request(account string) (api.SimulateRequest, error) {
	r := api.SimulateRequest{OwnerID: account, User: s.user, Action: s.action, Resources: s.resources, Context: map[string][]string{}}
	if s.action == "" {
		return r, usagef("which action? give --action ec2:CreateTrafficMirrorSession, or another")
	}
	for _, pair := range s.context {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return r, usagef("--context %q is not KEY=VALUE; give one like aws:SourceIp=192.0.2.1", pair)
		}
		r.Context[key] = append(r.Context[key], value)
	}
	return r, nil
}

// simulate asks the file, or the daemon.
func (a *app) simulate(cmd *cobra.Command, s *simulation, request api.SimulateRequest) (*api.Simulation, error) {
	if s.directory == "" {
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		return answer(g.Simulate(ctx, request))
	}
	directory, err := iam.LoadForeignDirectory(s.directory)
	if err != nil {
		return nil, hinted(usagef("%v", err), cmd)
	}
	a.warn(directory.Warnings())
	if request.OwnerID == "" {
		request.OwnerID = ctl.DefaultAccount
	}
	result, err := directory.Simulate(simulate.Question(&request, s.region, time.Now()))
	if err != nil {
		return nil, &api.Error{Code: api.CodeNotFound, Status: api.StatusOf(api.CodeNotFound), Message: err.Error()}
	}
	told := simulate.Wire(&result)
	return &told, nil
}

// errDenied ends a simulation that is denied; why has been printed by then.
var errDenied = errors.New("denied")

func (a *app) tellSimulation(s *api.Simulation) error {
	var err error
	if a.output == "json" {
		err = a.json(s)
	} else {
		lines := []string{s.Reason, "principal  " + s.Principal}
		if s.Policy != "" {
			lines = append(lines, "policy     "+s.Policy, "statement  "+s.Statement)
		}
		for _, policy := range s.Policies {
			lines = append(lines, "looked at  "+policy)
		}
		for i := range lines {
			lines[i] = printable(lines[i])
		}
		err = a.print(lines...)
	}
	if err == nil && !s.Allowed {
		return errDenied
	}
	return err
}
