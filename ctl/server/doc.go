// Package server answers the control API (ctl/api) on a unix socket: who may ask is decided by the
// groups of the peer's process, what is asked is decoded strictly, what is changed goes through
// ctl/store, and what the data path does is asked through the interfaces of ctl. One route table
// (routes.go) registers the handlers and makes the OpenAPI document, so that neither can be
// without the other.
package server
