// Package github owns GitHub's own description of its API, cut down to what this App uses; see README.md for where
// it comes from and how it is cut.
package github

import _ "embed"

// GraphQLSchema is the schema of the fields that the simulator resolves.
//
//go:embed schema.graphql
var GraphQLSchema string

// OpenAPI describes the REST operations and, below x-webhooks, the webhooks. Request bodies are closed: a field that
// GitHub does not know is invalid.
//
//go:embed openapi.json
var OpenAPI []byte
