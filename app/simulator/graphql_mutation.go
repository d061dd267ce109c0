package simulator

import (
	"slices"
	"strings"
)

// mutationFields are the roots of a mutation.
func (e *execution) mutationFields() map[string]any {
	return map[string]any{
		"minimizeComment":       e.mutation("MinimizeCommentPayload", e.minimize),
		"unminimizeComment":     e.mutation("UnminimizeCommentPayload", e.unminimize),
		"addReaction":           e.mutation("AddReactionPayload", e.addReaction),
		"removeReaction":        e.mutation("RemoveReactionPayload", e.removeReaction),
		"resolveReviewThread":   e.mutation("ResolveReviewThreadPayload", e.resolveThread(true)),
		"unresolveReviewThread": e.mutation("UnresolveReviewThreadPayload", e.resolveThread(false)),
	}
}

// mutation unpacks the input and packs the payload.
func (e *execution) mutation(payload string, run func(input map[string]any) (map[string]any, error)) resolver {
	return func(args map[string]any) (any, error) {
		input, _ := args["input"].(map[string]any)
		fields, err := run(input)
		if err != nil {
			return nil, err
		}
		fields["clientMutationId"] = input["clientMutationId"]
		return &record{payload, fields}, nil
	}
}

// minimize folds a comment. It needs pull_requests:write, for a comment of the conversation issues:write will do.
// Source: https://github.com/shakacode/react_on_rails/issues/2412. Whether an App may fold other people's comments is
// not documented, so it may not.
func (e *execution) minimize(input map[string]any) (map[string]any, error) {
	reason := strings.ReplaceAll(strings.ToLower(argument(input["classifier"])), "_", "-")
	subject, err := e.fold(argument(input["subjectId"]), reason)
	return map[string]any{"minimizedComment": subject}, err
}

func (e *execution) unminimize(input map[string]any) (map[string]any, error) {
	subject, err := e.fold(argument(input["subjectId"]), "")
	return map[string]any{"unminimizedComment": subject}, err
}

func (e *execution) fold(id, reason string) (any, error) {
	v, err := e.subject(id)
	if err != nil {
		return nil, err
	}
	bot := e.call.sim.app.bot
	event := Event{Kind: "minimized", Actor: bot.login, Text: reason}
	if reason == "" {
		event.Kind = "unminimized"
	}
	switch c := v.(type) {
	case *reviewComment:
		if c.author != bot {
			return nil, forbidden()
		}
		c.minimized, event.CommentID = reason, c.id
		c.thread.pull.note(event)
	case *issueComment:
		if c.author != bot {
			return nil, forbidden()
		}
		c.minimized, event.CommentID = reason, c.id
		c.on.note(event)
	default:
		return nil, unresolved("Could not resolve to a node with the global id of '%s'", id)
	}
	return v, nil
}

// subject finds a comment that a mutation is about and checks the permission to write there.
func (e *execution) subject(id string) (any, error) {
	v, err := e.node(id)
	if err != nil {
		return nil, err
	}
	write := e.call.token.may(grant{"pull_requests", "write"})
	if _, conversation := v.(*issueComment); conversation {
		write = write || e.call.token.may(grant{"issues", "write"})
	}
	if !write {
		return nil, forbidden()
	}
	return v, nil
}

func (e *execution) addReaction(input map[string]any) (map[string]any, error) {
	v, err := e.subject(argument(input["subjectId"]))
	if err != nil {
		return nil, err
	}
	list := reactionsOf(v)
	if list == nil {
		return nil, unresolved("Could not resolve to a node with the global id of '%s'", argument(input["subjectId"]))
	}
	s := e.call.sim
	content := graphReactions[argument(input["content"])]
	r, isNew := s.react(list, s.app.bot, content)
	if c, conversation := v.(*issueComment); conversation && isNew {
		c.on.note(Event{Kind: "reaction", Actor: s.app.bot.login, Text: content, CommentID: c.id})
	}
	return map[string]any{"reaction": graphReaction(r), "subject": v}, nil
}

func (e *execution) removeReaction(input map[string]any) (map[string]any, error) {
	v, err := e.subject(argument(input["subjectId"]))
	if err != nil {
		return nil, err
	}
	list := reactionsOf(v)
	content := graphReactions[argument(input["content"])]
	if list != nil {
		for i, r := range *list {
			if r.user == e.call.sim.app.bot && r.content == content {
				*list = slices.Delete(*list, i, i+1)
				return map[string]any{"reaction": graphReaction(r), "subject": v}, nil
			}
		}
	}
	return nil, unresolved("Could not resolve to a reaction")
}

func reactionsOf(v any) *[]*reaction {
	switch c := v.(type) {
	case *reviewComment:
		return &c.reactions
	case *issueComment:
		return &c.reactions
	}
	return nil
}

// resolveThread is FORBIDDEN with pull_requests:write alone and wants contents:write.
// Source: https://github.com/github/gh-aw/issues/35726.
func (e *execution) resolveThread(resolved bool) func(map[string]any) (map[string]any, error) {
	return func(input map[string]any) (map[string]any, error) {
		v, err := e.subject(argument(input["threadId"]))
		if err != nil {
			return nil, err
		}
		t, isThread := v.(*thread)
		if !isThread {
			return nil, unresolved("Could not resolve to a node with the global id of '%s'", argument(input["threadId"]))
		}
		if !e.call.token.may(grant{"contents", "write"}) {
			return nil, forbidden()
		}
		t.resolvedBy = nil
		if resolved {
			t.resolvedBy = e.call.sim.app.bot
		}
		return map[string]any{"thread": t}, nil
	}
}
