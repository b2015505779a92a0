// Package api is the control API as it goes over the wire, version 1: the JSON types, paths and
// error codes that the server (ctl/server), the Go client (ctl/client) and mirrorctl share. Field
// names are those of the EC2 API in camelCase where it has the field. It holds no behaviour.
//
// Requests and responses are JSON objects (RFC 8259). References to other resources may be names
// or identifiers in requests and are identifiers in responses.
package api
