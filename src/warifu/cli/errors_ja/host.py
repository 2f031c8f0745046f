"""Errors of the family ``host`` in Japanese: what happened, and what to do."""

HOST: dict[str, tuple[str, str]] = {
    "appliance-disk": (
        "アプライアンスのディスクに、使えるファイルシステムがありません。",
        "ディスクをバックアップから戻すか、新しいもので始めてください。",
    ),
    "appliance-image": (
        "アプライアンスのイメージが使えません。",
        "tools/build-appliance.sh で作り、表示されたフォルダを指定してください。",
    ),
    "appliance-tools": (
        "アプライアンスに必要なプログラムが入っていません。",
        "tools/setup-appliance.sh を実行するか、qemu-system-x86 swtpm e2fsprogs を入れてください。",
    ),
    "appliance-tpm": (
        "アプライアンスの仮想 TPM を作れません。",
        "swtpm_setup がここで動くか確かめてください（Debian では swtpm-tools）。",
    ),
    "busy": (
        "別の 'warifu host harden' が動いています。",
        "それが終わるまで待ってください。",
    ),
    "hardening": (
        "堅牢化の一部ができませんでした。",
        "一覧を調べ、同じコマンドをもう一度実行してください。止まったところから続きます。",
    ),
    "isolation": (
        "このマシンでは、所有者の求めるとおりに署名器を隔離できません。",
        "その端末で 'warifu doctor' を実行し、足りないものを見てください。",
    ),
    "isolation-profile": (
        "存在しない隔離の層が求められています。",
        "層の名前を確かめてください。",
    ),
    "isolation-threads": (
        "隔離の前に、別のスレッドが動いていました。",
        "報告してください。",
    ),
    "isolation-trial": (
        "隔離の試験が、報告せずに終わりました。",
        "'warifu doctor' を見てください。",
    ),
    "links": (
        "リンクが輪になっています。",
        "リンクを直してください。",
    ),
    "listen": (
        "サービスが、そのアドレスとポートで待ち受けられません。",
        "別のポートにするか、使っているものを止めてください。",
    ),
    "memory": (
        "鍵の引き伸ばしに必要なメモリが空いていません。",
        "メモリを空けてください。",
    ),
    "missing": (
        "安全な運用に必要なものが欠けています。",
        "一覧を見てください。",
    ),
    "no-bpftrace": (
        "bpftrace が入っていません。",
        "apt-get install bpftrace で入れてください。",
    ),
    "no-systemd": (
        "このマシンは systemd で動いていません（コンテナかもしれません）。",
        "それが動いているマシンか、イメージ（--root DIR）を堅牢化してください。",
    ),
    "no-tracepoints": (
        "カーネルの tracepoint が見えません。",
        "tracefs を mount してください（mount -t tracefs tracefs /sys/kernel/tracing）。",
    ),
    "no-watch": (
        "bpftrace では、ここを見張れません。",
        "root と tracepoint と、0.17 以降の bpftrace が必要です。",
    ),
    "not-debian": (
        "Debian のシステムではありません。",
        "ほかのシステムはその方法で堅牢化してください。'warifu doctor' が足りないものを示します。",
    ),
    "not-kept": (
        "報告を書き込めません。",
        "書き込めるフォルダのファイルを指定してください。",
    ),
    "not-root": (
        "root でなければできません。",
        "--plan で計画を見てから、root（sudo）で実行してください。",
    ),
    "pid-namespace": (
        "ここではプロセス番号がカーネルのものと違います（コンテナかもしれません）。",
        "マシン自身から見張ってください。",
    ),
    "port-taken": (
        "このマシンのポートが使えません。",
        ("そこで待ち受けているプログラムを終わらせてください。パスキーは、このポートでだけ登録できます。"),
    ),
    "sandbox-runs": (
        "このフォルダで、別のシミュレーションが動いています。",
        "それを止めるか、別のフォルダを指定してください。",
    ),
    "security-key": (
        "セキュリティキーがないか、一つではありません。",
        "一つだけ挿してください。Linux では udev のルールで使う権限が要ります。",
    ),
    "service": (
        "サービスが起動しませんでした。",
        "上の行に理由があります。",
    ),
    "source-changed": (
        "確認したあとに、ソースが変わりました。",
        "ソースをもう一度見て、やり直してください。",
    ),
    "system": (
        "必要なことを、OS が断りました。",
        "'warifu doctor' と、ディスクの空きを確かめてください。",
    ),
}
