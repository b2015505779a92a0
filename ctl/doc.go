// Package ctl is the control plane: the resource records (interfaces, targets, filters, rules,
// sessions, load balancers), what each of them must be by itself, and their TOML document.
//
// ParseDocument reads resources.toml into records and Document.Encode writes it; Check judges one
// record, whether it was text, JSON or on disk. What records mean to each other, and the step to
// what the data path is built of, is ctl/store's. This package never imports dpdk, pipeline or
// lcore: it declares the interfaces through which the control plane sees them.
package ctl
