package github

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// references are what a configuration file makes Terraform read besides its own directory.
type references struct {
	modules []string    // directories of local modules, relative to the repository's root
	files   []reference // arguments of file(), templatefile() and their kin
}

// reference is a file, or where a part of its name is computed, all files of a directory with the same extension.
type reference struct {
	dir  string
	name string // "" if computed
	ext  string // of a computed name, with the dot
}

// readers are Terraform's functions whose first argument is the path of a file that they read.
// https://developer.hashicorp.com/terraform/language/functions
var readers = []string{
	"file", "filebase64", "templatefile", "filemd5", "filesha1", "filesha256", "filesha512",
	"filebase64sha256", "filebase64sha512",
}

// findReferences looks only at literal module sources and at paths that begin with ${path.module}; it needs no
// more than the file's tokens. A lexer is used, not a parser, because a parser recurses and a hostile file would
// end the process by overflowing its stack. Broken files give what can be found in them.
func findReferences(name string, text []byte) references {
	if strings.HasSuffix(name, ".json") {
		return jsonReferences(path.Dir(name), text)
	}
	tokens, _ := hclsyntax.LexConfig(text, name, hcl.InitialPos)
	s := &scanner{dir: path.Dir(name), tokens: tokens}
	for s.at = range tokens {
		s.step()
	}
	return s.found
}

// scanner follows the nesting of blocks, as far as it tells a module block's source from other text.
type scanner struct {
	dir    string
	tokens hclsyntax.Tokens
	at     int
	depth  int
	module bool // inside a module block at the top level
	found  references
}

func (s *scanner) step() {
	switch token := s.tokens[s.at]; token.Type {
	case hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		s.depth++
	case hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd:
		s.depth--
		s.module = s.module && s.depth > 0
	case hclsyntax.TokenIdent:
		s.ident(string(token.Bytes))
	}
}

func (s *scanner) ident(word string) {
	switch {
	case s.depth == 0:
		s.module = word == "module" && (s.kind(1) == hclsyntax.TokenOQuote || s.kind(1) == hclsyntax.TokenIdent)
	case s.depth == 1 && s.module && word == "source" && s.kind(1) == hclsyntax.TokenEqual && s.kind(2) == hclsyntax.TokenOQuote:
		if parts, whole := s.quoted(s.at + 2); whole && len(parts) == 1 {
			s.found.addModule(s.dir, parts[0])
		}
	case slices.Contains(readers, word) && s.kind(1) == hclsyntax.TokenOParen && s.kind(2) == hclsyntax.TokenOQuote:
		parts, whole := s.quoted(s.at + 2)
		s.found.addFile(s.dir, parts, whole)
	}
}

func (s *scanner) kind(ahead int) hclsyntax.TokenType {
	if s.at+ahead >= len(s.tokens) {
		return hclsyntax.TokenEOF
	}
	return s.tokens[s.at+ahead].Type
}

// computed stands for a part of a string that is not known here. It cannot occur in a path.
const computed = "\x00"

// maxParts bounds how far a quoted string is followed.
const maxParts = 64

// quoted reads the parts of the string that opens at an index. path.module and path.root at its start are the
// directory itself, and left out. whole is false if a part is computed.
func (s *scanner) quoted(open int) (parts []string, whole bool) {
	whole = true
	for i := open + 1; i < len(s.tokens) && i < open+maxParts; i++ {
		switch token := s.tokens[i]; token.Type {
		case hclsyntax.TokenCQuote:
			return parts, whole
		case hclsyntax.TokenQuotedLit:
			parts = append(parts, string(token.Bytes))
		case hclsyntax.TokenTemplateInterp:
			if len(parts) > 0 || !s.isPath(i+1) {
				parts, whole = append(parts, computed), false
			}
			for i < len(s.tokens) && i < open+maxParts && s.tokens[i].Type != hclsyntax.TokenTemplateSeqEnd {
				i++
			}
		}
	}
	return nil, false
}

// isPath recognises path.module and path.root. The root's own files are what path.root means where we know it.
func (s *scanner) isPath(i int) bool {
	if i+3 >= len(s.tokens) || s.tokens[i+3].Type != hclsyntax.TokenTemplateSeqEnd {
		return false
	}
	text := string(s.tokens[i].Bytes) + string(s.tokens[i+1].Bytes) + string(s.tokens[i+2].Bytes)
	return text == "path.module" || text == "path.root"
}

func (r *references) addModule(dir, source string) {
	if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
		return // a registry's, git's or another server's: never fetched
	}
	if target := path.Join(dir, source); inside(target) {
		r.modules = append(r.modules, target)
	}
}

func (r *references) addFile(dir string, parts []string, whole bool) {
	if len(parts) == 0 {
		return
	}
	text := strings.Join(parts, "")
	if whole {
		if target := path.Join(dir, text); inside(target) && target != "." {
			r.files = append(r.files, reference{dir: path.Dir(target), name: path.Base(target)})
		}
		return
	}
	literal, rest, _ := strings.Cut(text, computed)
	slash := strings.LastIndex(literal, "/")
	ext := path.Ext(rest)
	if slash < 0 || ext == "" || strings.ContainsAny(ext, "/"+computed) {
		return
	}
	if target := path.Join(dir, literal[:slash+1]); inside(target) {
		r.files = append(r.files, reference{dir: target, ext: ext})
	}
}

// inside tells whether a cleaned path stays in the repository.
func inside(name string) bool {
	return name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name)
}

// jsonReferences finds the sources of module blocks in JSON syntax, where a label's value is an object or a list.
// https://developer.hashicorp.com/terraform/language/syntax/json
func jsonReferences(dir string, text []byte) references {
	var file struct {
		Module map[string]json.RawMessage `json:"module"`
	}
	var found references
	if json.Unmarshal(text, &file) != nil {
		return found
	}
	type call struct {
		Source string `json:"source"`
	}
	for _, raw := range file.Module {
		var one call
		var many []call
		if json.Unmarshal(raw, &one) == nil {
			many = []call{one}
		} else if json.Unmarshal(raw, &many) != nil {
			continue
		}
		for _, c := range many {
			found.addModule(dir, c.Source)
		}
	}
	slices.Sort(found.modules)
	return found
}
