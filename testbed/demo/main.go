// Command demo lays out the files of the demo and tells what the gateway made of them.
//
//	go run ./testbed/demo --dir out/demo               # write the captures and the configuration
//	cd out/demo && mirrorgw --config gateway.toml --apply resources.toml --until-idle 500ms --report report.json
//	go run ./testbed/demo --dir out/demo --summary     # print what went where
//
// The run leaves production.pcap (what left wire1), back.pcap (what left wire0), mirror.pcap (the
// copies) and report.json. The summary exits with 1 when production differs by one byte or a law
// is broken.
//
//	go run ./testbed/demo --live                       # a gateway on generated traffic, until it is interrupted
//	go run ./testbed/demo --live --console 127.0.0.1:8790   # the same, with a web console
package main

//go:generate go run ./generate --dir .

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

//go:embed in0.pcap in1.pcap gateway.toml resources.toml
var files embed.FS

func main() {
	dir := flag.String("dir", "out/demo", "directory of the demo's files")
	summary := flag.Bool("summary", false, "print what a finished run did instead of writing files")
	runs := flag.Bool("live", false, "run a gateway with an AWS-compatible endpoint on generated traffic, until interrupted")
	o := liveOptions{}
	flag.StringVar(&o.bin, "bin", "bin", "where mirrorgw and mirrorctl are, for --live; `DIR`")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8788", "`ADDRESS` of the endpoint, for --live")
	flag.StringVar(&o.console, "console", "", "`ADDRESS` of a web console, for --live")
	flag.Parse()
	var err error
	if *runs {
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		err = runLive(ctx, o, os.Stdout)
	} else {
		err = run(*dir, *summary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(dir string, summary bool) error {
	if summary {
		return summarize(os.Stdout, dir)
	}
	return layOut(dir)
}

// results are what an earlier run left; a new run starts without them.
var results = []string{"production.pcap", "back.pcap", "mirror.pcap", "report.json"}

func layOut(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range results {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		content, err := files.ReadFile(entry.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
