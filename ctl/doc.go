// Package ctl is the control plane: the resource model (interfaces, targets, filters, sessions),
// its TOML document, validation, and the step from resources to what the data path is built of.
//
// ParseDocument reads resources.toml into records; Build validates the records against a
// config.Config and yields rules.Resources, which rules.Compile turns into the snapshot that a
// Publisher puts in force. Reading, model and validation are separate, so that records may come
// from elsewhere too. This package never imports dpdk, pipeline or lcore.
package ctl
