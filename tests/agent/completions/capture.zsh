# capture.zsh FOLDER LINE: what zsh offers for a line, one word a line, with the functions of a folder.
#
# Completion runs in the line editor alone, and that on a terminal alone: another zsh gets one, and says
# what it would add to the list.
zmodload zsh/zpty
setup=$(mktemp)
cat > $setup <<'SETUP'
PROMPT= RPROMPT=
unsetopt zle_bracketed_paste prompt_cr prompt_sp 2> /dev/null
fpath=($FUNCTIONS $fpath)
autoload -Uz compinit
compinit -D -u
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
zmodload zsh/zutil
mark() { print -r -- "<<>>" }
compprefuncs=(mark)
comppostfuncs=(mark exit)
compadd() {
    # What only sorts matches is no business of ours.
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits prefix
    builtin compadd -A hits "$@"
    zparseopts -E p:=prefix P:=prefix
    (( $#hits )) && print -rl -- "<"${^hits}
    builtin compadd "$@"
}
print ready
SETUP
export FUNCTIONS=$1
zpty z zsh -f -i
zpty -w z "source $setup"
while zpty -r z line; do
    [[ $line == *ready* && $line != *source* ]] && break
done
zpty -w -n z "$2"$'\t'
while zpty -r z line; do
    line=${line%$'\r'*}
    line=${line%%$'\n'*}
    [[ $line == *'<'[^\<\>]* ]] && print -r -- ${line##*'<'}
done
zpty -d z
rm -f $setup
