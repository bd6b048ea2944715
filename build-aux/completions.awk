# From a program's --help to a completion for bash, zsh or fish:
#
#	PROGRAM --help | awk -v shell=bash -f completions.awk
#
# --help is made of the table of options, and so are completions.  What an
# option takes is told by how --help writes it: "a|b" is a choice, FILE, DIR,
# FOLDER and PATH are names of files; anything else is free.

function quoted(text) {
	gsub(/'/, "'\\''", text)
	return "'" text "'"
}

# Words to choose from, where a value is a choice: "a b "
function choice(value,    n, i, words, list) {
	if (value !~ /\|/)
		return ""
	n = split(value, words, "|")
	for (i = 1; i <= n; i++) {
		if (words[i] ~ /^[A-Z]+$/)
			continue
		sub(/[A-Z]+$/, "", words[i]) # as in move:FOLDER
		list = list (list == "" ? "" : " ") words[i]
	}
	return list
}

function is_file(value) {
	return value ~ /^(FILE|DIR|FOLDER|PATH)$/
}

NR == 1 {
	program = $2
	operands = $0
	next
}

/^[A-Z][A-Za-z ]*:$/ {
	in_commands = $0 == "Commands:"
	next
}

# "  word  help", or "  word word  help": one word may be followed by some.
in_commands && /^  [a-z]/ {
	help = word = substr($0, 3)
	sub(/  +.*/, "", word)
	sub(/^.*  +/, "", help)
	if (split(word, words, " ") == 1) {
		command[++ncommands] = word
		command_help[ncommands] = help
	} else {
		if (command[ncommands] != words[1]) {
			command[++ncommands] = words[1]
			command_help[ncommands] = words[2]
		} else {
			command_help[ncommands] = command_help[ncommands] ", " words[2]
		}
		second[ncommands] = second[ncommands] " " words[2]
		second_help[ncommands, words[2]] = help
	}
	next
}

/^  (-[a-zA-Z],|   ) --/ {
	n++
	word = $0
	sub(/^ +/, "", word)
	if (word ~ /^-[a-zA-Z], /) {
		letter[n] = substr(word, 2, 1)
		word = substr(word, 5)
	}
	help = ""
	if (match(word, / /)) {
		help = substr(word, RSTART)
		sub(/^ +/, "", help)
		word = substr(word, 1, RSTART - 1)
	}
	word = substr(word, 3)
	if (match(word, /=/)) {
		value[n] = substr(word, RSTART + 1)
		word = substr(word, 1, RSTART - 1)
	}
	name[n] = word
	text[n] = help
	next
}

# The help of an option that is too long to have it on its own line.
n > 0 && text[n] == "" && /^ +[^ ]/ {
	text[n] = $0
	sub(/^ +/, "", text[n])
}

function bash(    i, id, words) {
	id = program
	gsub(/-/, "_", id)
	printf "# bash completion for %s; made from its --help\n_%s()\n{\n", program, id
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]}"
	print "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}"
	print "\tif [[ $cur == = ]]; then"
	print "\t\tcur="
	print "\telif [[ $prev == = ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\tfi"
	print "\tcase $prev in"
	for (i = 1; i <= n; i++) {
		if (value[i] == "")
			continue
		printf("\t%s--%s)\n", (letter[i] != "" ? "-" letter[i] " | " : ""), name[i])
		if (choice(value[i]) != "")
			printf "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", choice(value[i])
		else if (is_file(value[i]))
			print "\t\tcompopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
		print "\t\treturn\n\t\t;;"
		words = words " --" name[i] "="
	}
	for (i = 1; i <= n; i++)
		if (value[i] == "")
			words = words " --" name[i]
	print "\tesac"
	print "\tif [[ $cur == -* ]]; then"
	printf "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", substr(words, 2)
	print "\t\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace"
	print "\t\treturn\n\tfi"
	words = ""
	for (i = 1; i <= ncommands; i++)
		words = words " " command[i]
	if (ncommands > 0) {
		for (i = 1; i <= ncommands; i++) {
			if (second[i] == "")
				continue
			printf "\tif [[ $prev == %s ]]; then\n", command[i]
			printf "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", substr(second[i], 2)
			print "\t\treturn\n\tfi"
		}
		print "\tlocal word"
		print "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do"
		printf "\t\tcase $word in\n\t\t"
		for (i = 1; i <= ncommands; i++)
			printf("%s%s", (i > 1 ? " | " : ""), command[i])
		print ")"
		print "\t\t\tcompopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
		print "\t\t\treturn\n\t\t\t;;\n\t\tesac\n\tdone"
		printf "\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", substr(words, 2)
	} else {
		print "\tcompopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	}
	printf "}\ncomplete -F _%s %s\n", id, program
}

# In a description of zsh, these stand for themselves only with a backslash.
function zsh_text(string) {
	gsub(/\\/, "\\\\", string)
	gsub(/:/, "\\:", string)
	gsub(/\[/, "\\[", string)
	gsub(/\]/, "\\]", string)
	return string
}

# What stands behind a first word: a function that looks for that word.
function zsh_second(id,    i, j, k, words) {
	printf "_%s_second()\n{\n\tlocal word\n\tfor word in $words; do\n\t\tcase $word in\n", id
	for (i = 1; i <= ncommands; i++) {
		if (second[i] == "")
			continue
		printf "\t\t%s)\n\t\t\tlocal -a list=(", command[i]
		k = split(second[i], words, " ")
		for (j = 1; j <= k; j++)
			printf(" %s", quoted(words[j] ":" zsh_text(second_help[i, words[j]])))
		print " )\n\t\t\t_describe command list\n\t\t\treturn\n\t\t\t;;"
	}
	print "\t\tesac\n\tdone\n\t_files\n}"
}

function zsh(    i, id, has_second, action, spec) {
	printf "#compdef %s\n# made from its --help\n", program
	id = program
	gsub(/-/, "_", id)
	for (i = 1; i <= ncommands; i++)
		if (second[i] != "")
			has_second = 1
	if (has_second)
		zsh_second(id)
	printf "_arguments -s -S"
	for (i = 1; i <= n; i++) {
		action = ""
		if (value[i] != "") {
			action = ":" zsh_text(value[i]) ":"
			if (choice(value[i]) != "")
				action = action "(" choice(value[i]) ")"
			else if (is_file(value[i]))
				action = action "_files"
		}
		spec = "[" zsh_text(text[i]) "]" action
		# An option that may be given again is given again.
		printf(" \\\n\t'*--%s%s'%s", name[i], (value[i] != "" ? "=" : ""), quoted(spec))
		if (letter[i] != "")
			printf(" \\\n\t'*-%s%s'%s", letter[i], (value[i] != "" ? "+" : ""), quoted(spec))
	}
	if (ncommands > 0) {
		printf " \\\n\t'1:command:(("
		for (i = 1; i <= ncommands; i++) {
			spec = command_help[i]
			gsub(/'/, "", spec)
			gsub(/:/, "", spec)
			printf " %s\\:\"%s\"", command[i], spec
		}
		printf "))'"
		if (has_second)
			printf " \\\n\t'2:what:_%s_second'", id
	}
	print " \\\n\t'*:file:_files'"
}

function fish(    i, j, k, words) {
	printf "# fish completion for %s; made from its --help\n", program
	for (i = 1; i <= n; i++) {
		printf "complete -c %s", program
		if (letter[i] != "")
			printf " -s %s", letter[i]
		printf " -l %s", name[i]
		if (choice(value[i]) != "")
			printf " -x -a %s", quoted(choice(value[i]))
		else if (is_file(value[i]))
			printf " -r -F"
		else if (value[i] != "")
			printf " -x"
		printf " -d %s\n", quoted(text[i])
	}
	for (i = 1; i <= ncommands; i++)
		printf "complete -c %s -f -n __fish_use_subcommand -a %s -d %s\n", \
			program, command[i], quoted(command_help[i])
	for (i = 1; i <= ncommands; i++) {
		k = split(second[i], words, " ")
		for (j = 1; j <= k; j++)
			printf "complete -c %s -f -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from%s' -a %s -d %s\n", \
				program, command[i], second[i], words[j], \
				quoted(second_help[i, words[j]])
	}
}

END {
	if (n == 0) {
		print "no options in what was read" >"/dev/stderr"
		exit 1
	}
	if (shell == "zsh")
		zsh()
	else if (shell == "fish")
		fish()
	else
		bash()
}
