package ctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// LoadDocument reads a resource document from a file.
func LoadDocument(path string) (*Document, error) {
	data, err := os.ReadFile(path)
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; give the path of a resources.toml with --apply", path)
	case errors.Is(err, syscall.EISDIR):
		return nil, fmt.Errorf("%s: this is a directory; give the path of a file in it", path)
	case errors.As(err, &pathError):
		return nil, fmt.Errorf("%s: the file cannot be read (%w); make it readable for this user", path, pathError.Err)
	}
	return ParseDocument(path, data)
}

// ParseDocument reads a resource document; name is what errors call it. Each record is checked by
// itself; what records mean to each other is the store's. An error is a *problem.Error.
func ParseDocument(name string, data []byte) (*Document, error) {
	var problems problem.List
	root := tomldoc.Parse(name, data, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	root.Known("interface", "target", "filter", "session", "load_balancer", "share")
	root.Done() // first: what a misspelt section lacks is not missing
	d := &Document{File: name}
	d.Interfaces = readAll(root, "interface", &problems, readInterface)
	d.LoadBalancers = readAll(root, "load_balancer", &problems, readLoadBalancer)
	d.Targets = readAll(root, "target", &problems, readTarget)
	d.Filters = readAll(root, "filter", &problems, readFilter)
	d.Shares = readAll(root, "share", &problems, readShare)
	d.Sessions = readAll(root, "session", &problems, readSession)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// readAll reads the sections of one kind and checks those whose text was right, so that one slip
// makes one sentence.
func readAll[T interface{ Check(*problem.List) }](
	root *tomldoc.Table, key string, problems *problem.List, read func(*tomldoc.Table) T,
) []T {
	var list []T
	for _, t := range root.Tables(key) {
		before := problems.Len()
		record := read(t)
		if problems.Len() == before {
			record.Check(problems)
		}
		list = append(list, record)
	}
	return list
}
