// Package simulator owns a strict GitHub on localhost: real git repositories behind the parts of GitHub's REST and
// GraphQL APIs that this App uses, and the signed webhooks that GitHub sends. Tests and `kms-review demo` run
// against it, so it refuses whatever GitHub refuses, and also what GitHub is not known to accept: a rule that is
// missing here would be found by the first user instead.
//
// Where a rule is not in GitHub's machine-readable descriptions, the comment beside it names its source. "docs:"
// stands for a path below https://docs.github.com/en, "OAS" for GitHub's OpenAPI description and "GQL" for its
// GraphQL schema (testdata/github).
package simulator
