package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

func (a *app) applyCommand() *cobra.Command {
	var o client.ApplyOptions
	var file string
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "make the resources equal to a document, as one change",
		Long: "Make the resources equal to a document, as one change: what is in the document is created or modified,\n" +
			"what is not is deleted, unless --keep-others is given. It succeeds as a whole or changes nothing.",
		Args:              takes(0, 0, "no argument"),
		ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&file, "file", "f", "", "`FILE` with the document, - for standard input (required); JSON if it is called .json or begins with {")
	flags.BoolVar(&o.DryRun, "dry-run", false, "only print what would change")
	flags.BoolVar(&o.KeepOthers, "keep-others", false, "delete nothing that the document does not have")
	flags.Uint64Var(&o.IfMatch, "if-match", 0, "only if `REVISION` is still the last one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := a.format("json")
		if err == nil && file == "" {
			err = usagef("which document? give --file FILE")
		}
		if err != nil {
			return hinted(err, cmd)
		}
		document, err := a.read(file)
		if err != nil {
			return hinted(err, cmd)
		}
		o.ContentType = contentType(file, document)
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		applied, err := answer(g.Apply(ctx, document, o))
		if err != nil {
			return inFile(err, file)
		}
		return a.printApplied(applied)
	}
	return cmd
}

// read reads a file, or standard input for "-".
func (a *app) read(file string) ([]byte, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(a.In)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usagef("the document cannot be read: %v", err)
	}
	return text, nil
}

// inFile names the file in the places of faults, which the daemon knows as "document:LINE".
func inFile(err error, file string) error {
	var refused *api.Error
	if file == "-" || !errors.As(err, &refused) {
		return err
	}
	named := *refused
	named.Details = nil
	for _, detail := range append([]api.Error{*refused}, refused.Details...) {
		if place, ok := strings.CutPrefix(detail.Message, "document:"); ok {
			detail.Message = file + ":" + place
		}
		named.Details = append(named.Details, detail)
	}
	named.Message, named.Details = named.Details[0].Message, named.Details[1:]
	return &named
}

func contentType(file string, document []byte) string {
	if filepath.Ext(file) == ".json" || strings.HasPrefix(strings.TrimSpace(string(document)), "{") {
		return api.ContentType
	}
	return api.ContentTypeTOML
}

func (a *app) printApplied(applied *api.Applied) error {
	a.warn(applied.Warnings)
	if a.output == "json" {
		return a.json(applied)
	}
	done := map[string]int{}
	var lines []string
	for _, event := range applied.Events {
		done[event.Action]++
		lines = append(lines, difference(event)...)
	}
	would := ""
	if applied.DryRun {
		would = "would be "
	}
	summary := fmt.Sprintf("%s%d created, %d modified, %d deleted; revision %d", would,
		done["create"], done["modify"], done["delete"], applied.Revision)
	if len(applied.Events) == 0 {
		summary = fmt.Sprintf("nothing to change; revision %d", applied.Revision)
	}
	return a.print(append(lines, summary)...)
}

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "export [-o toml|json]",
		Short:             "print all resources as the document that apply reads",
		Args:              takes(0, 0, "no argument"),
		ValidArgsFunction: noCompletion,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.format("toml", "json"); err != nil {
			return hinted(err, cmd)
		}
		want := api.ContentTypeTOML
		if a.output == "json" {
			want = api.ContentType
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		document, err := answer(g.Export(ctx, want))
		if err != nil {
			return err
		}
		if a.output == "json" {
			return a.json(json.RawMessage(document))
		}
		return a.print(strings.TrimSuffix(string(document), "\n"))
	}
	return cmd
}
