package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/app/gh"
)

// minimizeBatch bounds one mutation: GitHub gives up on what takes longer than ten seconds.
const minimizeBatch = 50

// minimize folds comments away, all in one mutation where they fit. A comment that is no longer there is none
// to fold.
func minimize(ctx context.Context, client *gh.Client, comments []Minimize) error {
	for len(comments) > 0 {
		batch := comments[:min(len(comments), minimizeBatch)]
		comments = comments[len(batch):]
		query, vars := minimizeMutation(batch)
		var answer map[string]any
		err := client.GraphQL(ctx, query, vars, &answer)
		if err != nil && !onlyMissing(err) {
			return fmt.Errorf("minimize %d comments: %w", len(batch), err)
		}
	}
	return nil
}

// minimizeMutation has one alias a comment. The ids travel as variables.
func minimizeMutation(batch []Minimize) (string, map[string]any) {
	var params, fields strings.Builder
	vars := map[string]any{}
	for i, m := range batch {
		id := fmt.Sprintf("id%d", i)
		vars[id] = m.NodeID
		fmt.Fprintf(&params, "$%s: ID! ", id)
		fmt.Fprintf(&fields, "  m%d: minimizeComment(input: {subjectId: $%s, classifier: %s}) { minimizedComment { isMinimized } }\n", i, id, m.Reason)
	}
	return "mutation(" + strings.TrimSpace(params.String()) + ") {\n" + fields.String() + "}", vars
}

// onlyMissing tells whether all that went wrong is that comments were deleted in the meantime.
func onlyMissing(err error) bool {
	var problems *gh.GraphQLError
	if !errors.As(err, &problems) {
		return false
	}
	for _, problem := range problems.Errors {
		if problem.Type != "NOT_FOUND" {
			return false
		}
	}
	return true
}
