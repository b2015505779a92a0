// Package gateway assembles the daemon: it reads the configuration and the resources, starts EAL,
// opens the lcore group, publishes, waits for the end, and writes the report. It is the one
// place that knows both the control plane and the data path.
package gateway
