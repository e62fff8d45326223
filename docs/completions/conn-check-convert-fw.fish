complete -c conn-check-convert-fw -s t -l type -d 'What is printed' -r -f -a "aws\t'aws ec2 commands for a security group; also amazon, ec2'
iptables\t'iptables and ip6tables commands for the chain OUTPUT'
kubernetes\t'a NetworkPolicy in YAML; also k8s'
neutron\t'neutron commands for a security group; also openstack, os'
nftables\t'a file for nft -f, with a table of its own; also nft'
nova\t'nova commands for a security group'
openstack-cli\t'openstack commands for a security group'
terraform\t'a .tf.json file with rules of an AWS security group; also opentofu, tofu'
ufw\t'ufw commands for what goes out'"
complete -c conn-check-convert-fw -l group -d 'Whom the rules belong to: the security group of aws, neutron, nova, openstack-cli and terraform (without it the variable SECGROUP of the shell, or one of Terraform\'s), the pods\' label KEY=VALUE of kubernetes' -r
complete -c conn-check-convert-fw -s o -l output -d 'Write to a file, atomically; it stays as it is when something is wrong' -r -F
complete -c conn-check-convert-fw -l color -d 'Colours of messages: auto is on for a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c conn-check-convert-fw -l keep-going -d 'Print the other rules when a name has no address; the exit status is 1 all the same'
complete -c conn-check-convert-fw -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check-convert-fw -s V -l version -d 'Print version'
