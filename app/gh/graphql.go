package gh

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// GraphQLError is what GitHub's GraphQL says with status 200: one or more errors beside data that may be partial.
type GraphQLError struct {
	Errors []GraphQLProblem
}

// GraphQLProblem is one error. Type is GitHub's own word, such as NOT_FOUND or FORBIDDEN; Path names the place
// in the answer, with indexes as numbers.
type GraphQLProblem struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

func (e *GraphQLError) Error() string {
	texts := make([]string, 0, len(e.Errors))
	for _, problem := range e.Errors[:min(len(e.Errors), 3)] {
		texts = append(texts, strings.TrimSpace(problem.Type+" "+Redact(problem.Message)))
	}
	return "GraphQL: " + strings.Join(texts, "; ")
}

// Under returns the problems below a top-level field (or alias), and whether all are.
func (e *GraphQLError) Under(field string) (problems []GraphQLProblem, all bool) {
	for _, problem := range e.Errors {
		if len(problem.Path) > 0 && problem.Path[0] == field {
			problems = append(problems, problem)
		}
	}
	return problems, len(problems) == len(e.Errors)
}

// GraphQL runs one document and decodes its data into out, also where it is partial: then the error is a
// *GraphQLError and the caller decides. Limits come as *Limited, although GitHub answers them with status 200.
// https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
func (c *Client) GraphQL(ctx context.Context, query string, vars map[string]any, out any) error {
	req, err := c.REST.NewRequest(http.MethodPost, c.graphqlURL, map[string]any{"query": query, "variables": vars})
	if err != nil {
		return fmt.Errorf("make a GraphQL request: %w", err)
	}
	var answer struct {
		Data   json.RawMessage  `json:"data"`
		Errors []GraphQLProblem `json:"errors"`
	}
	resp, err := c.REST.Do(ctx, req, &answer)
	if err != nil {
		return fmt.Errorf("ask GraphQL: %w", err)
	}
	for _, problem := range answer.Errors {
		if problem.Type == "RATE_LIMITED" || limitMessage(problem.Message) {
			until := waitOf(resp.Header, problem.Type == "RATE_LIMITED")
			return c.inst.guard.limits.block("graphql", until, resp.Response)
		}
	}
	hasData := len(answer.Data) > 0 && string(answer.Data) != "null"
	if hasData {
		if err := json.Unmarshal(answer.Data, out); err != nil {
			return fmt.Errorf("decode GraphQL's answer: %w", err)
		}
	}
	if len(answer.Errors) > 0 {
		return &GraphQLError{Errors: answer.Errors}
	}
	if !hasData {
		return fmt.Errorf("GraphQL answered with neither data nor errors")
	}
	return nil
}
